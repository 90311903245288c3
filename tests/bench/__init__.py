"""`make bench`: the machine's raw limits and, beside them, what the platform makes of them in the same run (trust.md).

Never a test: numbers of a shared machine prove nothing alone. A room adds rows by a module here with functions under
`@measure`; the folder is searched, nothing else is to be wired.
"""
