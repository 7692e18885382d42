"""Prose of handbooks: projects, products, people and events (notation: prose.py)."""

PROSE = """
= a=a_role b=person
{b} is {a} at {c} and has been there from the beginning.
At {c}, {b} works as {a}; ask {b} first.
{c} hired {b} as {a} when the team was still small.
a What is the role of {b} at {c}?
a What does {b} do at {c}?
a Which job does {b} have at {c}?
b Who works as {a} at {c}?
b Who at {c} is {a}?
!a Which position has {b} at {c}?
!b Which person is {a} at {c}?
= a=person b=place d=role
The {d} of {c} is {a}, who lives in {b}.
{a} lives in {b} and is the {d} of {c}.
{a} is the {d} at {c}. Home is {b}.
a Who is the {d} of {c}?
a {c} {d}?
a Name the {d} of {c}.
a Please give me the name of the {d} of {c}.
b Where does {a} live?
b In which city does {a} live?
b Where is the {d} of {c} at home?
!a Which person works as the {d} of {c}?
!b What is the place of residence of {a}?
= a=company b=year
The first customer of {c} was {a}, in {b}.
In {b}, {a} became the first customer of {c}.
{c} won {a} as its very first client. That was in {b}.
a Who was the first customer of {c}?
a Which company was the first client of {c}?
a Name the first customer of {c}.
a First customer of {c}?
b When did {c} win its first customer?
b In which year did {c} get its first client?
!a Which company did {c} win first?
!b In what year did the first customer come to {c}?
= a=thing b=person
{c} is named after {a} that {b} once owned.
The name of {c} goes back to {a}, says {b}.
{b} chose the name of {c} because of {a}.
a After what is {c} named?
a Where does the name of {c} come from?
a Why is {c} called that?
a What is behind the name of {c}?
b Who chose the name of {c}?
b Who knows where the name of {c} comes from?
!a To what does {c} owe its name?
!b Which person is behind the name of {c}?
= a=company b=person d=software
{j} was done for {a}; {b} led it, and the result is {d}.
For {a}, the team built {d} in {j}, led by {b}.
{b} led {j}. The client was {a}, which wanted {d}.
a For whom was {j} done?
a Who was the client of {j}?
a Which company ordered {j}?
a With which client is {j} associated?
b Who led {j}?
b Who was the lead on {j}?
b {j} lead?
d What was built in {j}?
d What is the result of {j}?
d What did {j} produce?
!a For which client did the team do {j}?
!b Which person was in charge of {j}?
!d What did the client get from {j}?
= a=duration b=list:TOOLS
{j} took {a} and was built with {b}.
Work on {j} lasted {a}. The team used {b}.
With {b}, the team finished {j} in {a}.
a How long did {j} take?
a How long did the work on {j} last?
a Duration of {j}?
b What was {j} built with?
b Which tools were used in {j}?
b With which technologies was {j} built?
!a What time did {j} need?
!b Which technologies did the team use for {j}?
= a=one:INDUSTRIES b=year
{j} belongs to the sector of {a} and ended in {b}.
In {b}, {j} for the field of {a} was completed.
{j}, finished in {b}, was about {a}.
a To what sector does {j} belong?
a What is the field of {j}?
a {j} was about what?
b When did {j} end?
b In which year was {j} completed?
!a In which sector was {j}?
!b What year was {j} finished?
= a=software b=fee d=year
{q} is {a}. It costs {b} and was introduced in {d}.
{c} introduced {q}, {a}, in {d}; the price is {b}.
With {q}, {c} offers {a} for {b}. It came out in {d}.
a What is {q}?
a What is {q} for?
a What job does {q} do?
a Explain what {q} is.
b How much does {q} cost?
b What is the price of {q}?
b {q} price?
d When was {q} introduced?
d In which year did {q} come out?
d {q} launch year?
!a What sort of product is {q}?
!b For how much money can one get {q}?
!d In what year was {q} brought out?
= a=count b=storage
The free version of {q} allows {a} users and {b} of storage.
With the free version of {q}, {a} people can work together and store {b}.
{q} is free for up to {a} users. They share {b}.
a How many users does the free version of {q} allow?
a How many people can use {q} for free?
a What is the user limit of the free version of {q}?
b How much storage does the free version of {q} include?
b How much can be stored in {q} for free?
!a Up to how many users is {q} free?
!b What storage comes with the free version of {q}?
= a=percent b=hours
{q} is available {a} of the time, and maintenance is done {b}.
The uptime of {q} is {a}; maintenance takes place {b}.
{c} promises an uptime of {a} for {q}. Maintenance happens {b}.
a What is the uptime of {q}?
a How much of the time is {q} available?
a What uptime does {c} promise for {q}?
b When is maintenance done on {q}?
b When does maintenance of {q} take place?
!a Which availability does {q} have?
!b During which hours is {q} maintained?
= a=frequency b=version
A new version of {q} comes out {a}; the present one is {b}.
{q} is updated {a}. At the moment it has version {b}.
Version {b} of {q} is current, and updates follow {a}.
a How often does a new version of {q} come out?
a How often is {q} updated?
b What is the present version of {q}?
b Which version of {q} is current?
!a At what intervals is {q} updated?
!b What version has {q} at the moment?
= a=company b=year
{c} has been a partner of {a} since {b}.
Since {b}, {a} has been a partner of {c}.
{a} and {c} became partners in {b}.
a Which company is a partner of {c}?
a Who is a partner of {c}?
a With whom does {c} have a partnership?
b Since when has {c} been a partner of {a}?
b When did {c} and {a} become partners?
!a What company did {c} become a partner of?
!b In what year did the partnership of {c} and {a} begin?
= a=one:CERTIFICATES b=year
{c} received its certificate for {a} in {b}.
The certificate for {a} came to {c} in {b}.
In {b}, {c} passed the audit for {a}.
a For what did {c} receive a certificate?
a Which audit did {c} pass?
a Which standard is {c} certified for?
b When did {c} receive its certificate for {a}?
b In which year did {c} pass the audit?
b Since when does {c} have its certificate?
!a What standard does {c} meet?
!b In what year was {c} certified for {a}?
= a=list:LANGUAGES b=two_to_four
The support team of {c} speaks {a} and works in {b} shifts.
{c} answers its customers in {a}; there are {b} shifts a day.
At {c}, support is offered in {a}. It has {b} shifts.
a Which languages does the support team of {c} speak?
a In which languages does {c} answer its customers?
a Support languages of {c}?
b How many shifts does the support team of {c} have?
b In how many shifts does {c} offer support?
!a What languages can customers of {c} use?
!b What number of shifts are there at {c}?
= a=places b=places
{c} rents hubs in {a}. Its offices are in {b}.
The offices of {c} stand in {b}; it also rents hubs in {a}.
{c} has offices in {b} and hubs in {a}.
a Where does {c} rent hubs?
a In which places does {c} have hubs?
a Name the places of the hubs of {c}.
b Where are the offices of {c}?
b Which cities have an office of {c}?
!a In what cities can one find a hub of {c}?
!b In which towns does {c} have its offices?
= a=money b=plural
{c} gives {a} a year to charity and donates {b}.
Every year, {c} donates {b} and {a} in money.
Charity matters at {c}: {a} a year, and {b} as well.
a How much money does {c} give to charity?
a How much does {c} donate each year?
b What does {c} donate apart from money?
b Which things does {c} give away?
!a Which sum goes from {c} to charity?
!b What goods does {c} donate?
= a=room b=clock
The people of {c} eat lunch in {a} at {b}.
Lunch at {c} begins at {b} in {a}.
At {b}, everyone at {c} meets for lunch. It is served in {a}.
a Where do the people of {c} eat lunch?
a Where is lunch served at {c}?
b When does lunch begin at {c}?
b At what time do people at {c} eat lunch?
b Lunch time at {c}?
!a In which place does {c} serve lunch?
!b What is the hour of lunch at {c}?
= a=date b=date
The office of {c} closes from {a} to {b} in winter.
In winter, {c} shuts down on {a} and opens again on {b}.
{c} takes a break in winter: it begins on {a} and ends on {b}.
a When does {c} shut down in winter?
a On which day does the winter break of {c} begin?
b When does {c} open again after the winter break?
b When does the winter break of {c} end?
!a What is the first day of the winter break at {c}?
!b Until when is {c} closed in winter?
= a=email b=a_role
Questions about data protection at {c} go to {a} or to {b}.
{c} answers questions about data protection at {a}; {b} reads them.
For data protection, {b} at {c} can be reached at {a}.
a Where do questions about data protection at {c} go?
a What is the address for data protection at {c}?
b Who at {c} answers questions about data protection?
b Who is responsible for data protection at {c}?
!a Which address does {c} have for data protection?
!b Which person looks after data protection at {c}?
= a=people_count b=percent
{c} has {a} contractors, and {b} of them work part time.
Of the {a} contractors of {c}, {b} work part time.
{a} contractors work for {c}. The share of part-time work is {b}.
a How many contractors does {c} have?
a How many contractors work for {c}?
b What share of the contractors of {c} works part time?
b How many percent of the contractors of {c} work part time?
!a What number of contractors are there at {c}?
!b Which part of the contractors of {c} has part-time work?
= a=thing b=place
In {b}, {c} won a prize for {a}.
{c} won a prize for {a} at a fair in {b}.
The prize that {c} took home from {b} was for {a}.
a For what did {c} win a prize?
a What earned {c} a prize?
b Where did {c} win a prize?
b In which city did {c} win a prize?
!a For which work did {c} get a prize?
!b In what place was the prize given to {c}?
= a=meeting b=duration
Everyone at {c} meets {a} for {b}.
The meeting of all people at {c} is held {a} and lasts {b}.
{c} holds its big meeting {a}. It takes {b}.
a When is the meeting of all people at {c}?
a When does everyone at {c} meet?
b How long does the big meeting at {c} last?
b How long do the people of {c} meet?
!a At what time do all people of {c} meet?
!b For how long does everyone at {c} meet?
= a=channel b=speed
Leave at {c} is requested {a}, and the answer comes {b}.
Ask for leave at {c} {a}; you get an answer {b}.
People at {c} ask for holidays {a}. They hear back {b}.
a How is leave requested at {c}?
a How do I ask for leave at {c}?
b How quickly does {c} answer requests for leave?
b When do I hear back from {c} about leave?
!a In which way do people at {c} ask for holidays?
!b How soon is a request for leave answered at {c}?
"""
