"""What is promised, measured: `python -m benchmarks`, each figure beside its ceiling from the same run.

A *figure* is one number with its goal; its *ceiling* is what the bare parts below it take, without any of our code: the
same bytes by `os.write`, the same frames decoded and put into bare SQLite, the same columns through numpy. Client and
server are the real ones, in processes of their own.
"""
