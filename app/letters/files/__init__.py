"""公文的文件: a draft is set anew each time it is asked for, an issued letter once, and is then the same for ever."""
