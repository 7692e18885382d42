"""More ways of asking for the facts there are: rules, gates, and how many of the results are distinct."""
