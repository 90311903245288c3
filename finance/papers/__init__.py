"""The papers of the books: masked copies, seals over what is final, the year archive and how long it is kept."""
