"""The list of checks by group: what each is called, which norm it rests on, who answers, what to do. PURE."""
