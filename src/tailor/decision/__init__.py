"""From a study's numbers to a decision: the verdict, the terminal table and the memo."""
