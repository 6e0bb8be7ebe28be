"""What a case file says of itself, to somebody who has neither this program nor a technician."""

from typing import Final

README: Final = """\
案卷说明

本压缩包是一条重大事故隐患在登记系统中的全部记录,由系统按登记内容生成,任何人都可以不依赖本系统核对其真伪。

一、内容
  manifest.json      目录:生成时间、隐患编号、所依据的树头,以及每个文件的 SHA-256
  hazard.json        隐患现状
  timeline.json      办理过程
  transitions.json   每一次办理的完整登记(更正时另有重述行,restates 指向被重述的行)
  documents/         方案、报告、核查、挂牌、签字轮次(含所签内容原文及其哈希)、签字、撤回、封存等
  posts.json         案卷中任职编号对应的岗位和机构(不含姓名)
  evidence.json      证据目录和每件证据的 SHA-256;evidence/ 为证据原件(仅在要求时附带)
  events/            审计记录:每条一个说明(.json)和一个原始内容(.payload,参与哈希的确切字节)
  proofs/            每条记录在审计树中的存在证明、树头(含签名)和公钥

二、怎样核对
  1. 文件是否完整:对每个文件计算 SHA-256(Windows:certutil -hashfile 文件名 SHA256;
     Linux:sha256sum 文件名),与 manifest.json 中 entries 所列比对,应逐一相同。
  2. 证据是否原件:证据文件的 SHA-256 应与 evidence.json 所列、以及签字内容(documents/ 中 signing_round 的
     content)所列相同。
  3. 签字内容:signing_round 的 content 按 UTF-8 计算 SHA-256,应等于 content_sha256,也应等于每个签字的
     content_sha256。
  4. 审计链:同一审计流中,每条记录的 sha256 应等于 SHA-256(前一条的 sha256 的 32 个字节,接上本条 .payload 的全部字节);
     第一条之前为 32 个零字节。
  5. 存在证明:proofs/ 中每个文件写明记录的叶子内容(leaf)和路径(paths)。按《审计格式》(docs/audit-format.md)第 7 节
     逐层计算,得到的根应等于树头(head)中的 root_sha256 和 root_sm3。
  6. 树头:用公钥验证树头的签名,并与您自己或上级单位事先保存的树头、公布的树头(/api/v1/public/tree-heads)比对。
     只有与系统之外保存的树头一致,才能说明历史没有被整体改写。

三、说明
  manifest.json 的 unsealed 列出生成时尚未封存的记录(通常在一分钟内封存),它们只有审计链,没有存在证明;
  稍后重新调取案卷即可取得。
  案卷按调取人的权限遮盖文字中的电话和身份证号码;签字内容是被签署的原文,从不遮盖。调取案卷会留下记录。
"""
