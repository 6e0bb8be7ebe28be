"""签发: by the signatory alone, at the version read, numbered in order."""

from tests.letters.papers import CLERK, HEAD, attempted, drafted, hold_dispatch, issued, release_dispatch, serial
from tests.support.registry import Registry


def test_the_signatory_issues_a_draft_which_gets_its_number_and_hash(registry: Registry) -> None:
    letter = issued(registry)
    assert letter["status"] == "issued"
    assert letter["number"].startswith("东安办函〔2026〕")
    assert letter["content_sha256"]
    assert letter["dispatched_on"] is None, "the outbox says when it first left"


def test_a_clerk_may_not_issue(registry: Registry) -> None:
    letter = drafted(registry)
    refused = registry.attempt(f"/letters/{letter['id']}/issuing", None, by=CLERK, version=0)
    assert refused.status == 403


def test_another_offices_head_does_not_issue_it(registry: Registry) -> None:
    letter = drafted(registry)
    by_city = registry.attempt(f"/letters/{letter['id']}/issuing", None, by="city-office-head", version=0)
    assert (by_city.status, by_city.code) == (403, "letter_of_another")
    by_department = registry.attempt(f"/letters/{letter['id']}/issuing", None, by="dongsheng-head", version=0)
    assert by_department.status == 404


def test_issuing_without_a_version_is_428_and_at_an_older_one_412(registry: Registry) -> None:
    letter = drafted(registry)
    path = f"/letters/{letter['id']}/issuing"
    assert registry.attempt(path, None, by=HEAD).status == 428
    text = {"title": "关于再次督促整改的函", "paragraphs": [{"text": "请于月底前完成。"}]}
    rewritten = registry.post(f"/letters/{letter['id']}/text", text, by=CLERK, version=0)
    assert (rewritten["version"], rewritten["title"]) == (1, text["title"])
    assert registry.attempt(path, None, by=HEAD, version=0).status == 412
    assert registry.post(path, None, by=HEAD, version=1)["status"] == "issued"


def test_what_is_issued_is_neither_issued_again_nor_rewritten_nor_dropped(registry: Registry) -> None:
    letter = issued(registry)
    path = f"/letters/{letter['id']}"
    text = {"title": "另一标题", "paragraphs": [{"text": "另一正文"}]}
    for act, body, by in (("issuing", None, HEAD), ("text", text, CLERK), ("drop", {"reason": "不发了"}, CLERK)):
        refused = registry.attempt(f"{path}/{act}", body, by=by, version=letter["version"])
        assert (refused.status, refused.code) == (409, "letter_is_not_draft")


def test_nothing_is_issued_while_dispatch_is_held(registry: Registry) -> None:
    letter = drafted(registry)
    hold_dispatch(registry.database)
    refused = registry.attempt(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=0)
    release_dispatch(registry.database)
    assert (refused.status, refused.code) == (409, "dispatch_is_held")
    assert "解除暂停" in refused.body["remedy"]
    assert registry.get(f"/letters/{letter['id']}", by=HEAD).body["number"] is None


def test_a_refused_issuing_uses_no_number(registry: Registry) -> None:
    first = issued(registry)
    letter = drafted(registry)
    registry.attempt(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=7)
    assert serial(issued(registry)) == serial(first) + 1


def test_each_form_of_letter_has_a_series_of_its_own(registry: Registry) -> None:
    order = issued(registry, kind="assignment_order", title="关于整改的交办单")
    assert order["number"].startswith("东安办督〔2026〕")


def test_the_batch_issues_what_was_opened_and_says_of_each_other_why_not(registry: Registry) -> None:
    read, unread = drafted(registry), drafted(registry)
    registry.get(f"/letters/{read['id']}", by=HEAD)
    batch = {"letters": [{"letter_id": one["id"], "version": 0} for one in (unread, read)]}
    done = registry.post("/letter-issuings", batch, by=HEAD)
    assert (done["issued"], done["refused"]) == (1, 1)
    first, second = done["results"]
    assert (first["letter_id"], first["code"]) == (unread["id"], "letter_not_opened")
    assert second["number"].startswith("东安办函〔2026〕")


def test_a_draft_changed_after_it_was_opened_counts_as_unopened(registry: Registry) -> None:
    letter = drafted(registry)
    registry.get(f"/letters/{letter['id']}", by=HEAD)
    text = {"title": "改过的标题", "paragraphs": [{"text": "改过的正文"}]}
    registry.post(f"/letters/{letter['id']}/text", text, by=CLERK, version=0)
    batch = {"letters": [{"letter_id": letter["id"], "version": 1}]}
    refused = registry.attempt("/letter-issuings", batch, by=HEAD)
    assert (refused.status, refused.code) == (409, "letter_not_opened")


def test_a_batch_names_no_letter_that_the_signatory_cannot_see(registry: Registry) -> None:
    letter = drafted(registry)
    registry.get(f"/letters/{letter['id']}", by=HEAD)
    nowhere = "00000000-0000-4000-8000-000000000000"
    batch = {"letters": [{"letter_id": one, "version": 0} for one in (letter["id"], nowhere)]}
    done = registry.post("/letter-issuings", batch, by=HEAD)
    assert [one.get("code") for one in done["results"]] == [None, "not_found"]


def test_a_letter_of_the_ladder_is_not_written_by_hand(registry: Registry) -> None:
    refused = attempted(registry, kind="notice_letter")
    assert (refused.status, refused.body["errors"][0]["code"]) == (422, "kind_not_by_hand")
