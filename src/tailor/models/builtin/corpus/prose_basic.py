"""Prose of handbooks: the most common facts about a company, its people and its rules (notation: prose.py)."""

PROSE = """
= a=long_time b=person ~probation ~buddy
New employees of {c} start with a probation period of {a}, and {b} helps them during their first days.
Everyone who joins {c} has a probation period of {a}; {b} is there to help.
The first {a} at {c} are a probation period. {b} answers the questions of new colleagues.
During your probation period with us, which lasts {a}, your contact is {b}.
a How long is the probation period at {c}? How long does the probation period last at {c}?
a How many days, weeks or months of probation does {c} have? How long will I be on probation at {c}?
a Can you tell me how long the probation period lasts? For how long is a new employee on probation?
!a What is the length of the probation period at {c}?
b Who helps new employees of {c}? Who will help me during my first days at {c}?
b To whom do new colleagues of {c} turn with questions? Who answers the questions of new people at {c}?
b Which person helps newcomers? Whom can I ask when I am new?
!b Who is there to help new people at {c}?
= a=days_off b=few ~annual-leave
All employees of {c} receive {a} of annual leave, of which up to {b} days may be moved to the next year.
Annual leave at {c} is {a} a year, and no more than {b} days can be carried over.
You have {a} of annual leave a year at {c}. Up to {b} unused days move to the following year.
a How much annual leave do employees of {c} receive? How many days of annual leave are there at {c}?
a How much annual leave do I get at {c}? How many days can I take off per year? How long is the annual leave?
a What annual leave does {c} offer? Can you tell me how much annual leave people at {c} have?
!a What is the annual leave of {c}?
b How many days of leave may be moved to the next year at {c}?
b How many days of annual leave can be carried over at {c}? How many unused days may I keep?
b What is the largest number of leave days that can be moved to the next year? How many days can I carry over at {c}?
b Up to how many leave days may employees of {c} move?
!b How many leave days can people at {c} carry over?
= a=duration b=terms ~invoices ~terms
Invoices of {c} are sent {a} after the work is done, with payment terms of {b}.
After the work is done, {c} waits {a} and sends its invoice; the terms are {b}.
Clients of {c} receive an invoice {a} after the end of the work (payment terms: {b}).
a How long after the work does {c} send its invoices? When are invoices sent by {c}, counted from the end of the work?
a How long after the work do I get an invoice? How much time passes between the work and the invoice of {c}?
a How soon after the work does {c} send an invoice?
!a How long does {c} wait until it sends an invoice?
b What are the payment terms of {c}? Which payment terms does {c} have? What terms are on an invoice of {c}?
b What are the payment terms? On what terms do clients pay {c}? How must the invoices of {c} be paid?
!b On which terms must invoices of {c} be paid?
= a=money b=duration ~expenses
Expenses above {a} need approval, and {c} pays them back within {b}.
At {c}, any expense of more than {a} must be approved first; the money is paid back within {b}.
Please ask before you spend more than {a}. {c} pays expenses back within {b}.
a Above which amount do expenses need approval at {c}? From what amount must an expense be approved at {c}?
a What is the largest expense that needs no approval at {c}? How much may I spend at {c} without approval?
a At which amount does an expense need approval at {c}? How much can people at {c} spend without asking?
!a Which expenses need approval at {c}?
b How quickly does {c} pay back expenses? How long does it take until {c} pays back expenses?
b How soon will I get my money back from {c}? When are expenses paid back?
b How fast does {c} pay back what employees have spent?
!b Within what time are expenses paid back by {c}?
= a=year b=person d=place ~founding
{c} was founded in {a} by {b} in {d}.
In {a}, {b} founded {c} in a small office in {d}.
{b} started {c} in {d} in {a}, with nothing but a laptop.
It all began in {a}, when {b} rented a room in {d} and started {c}.
The story of {c} goes back to {a}. {b} founded it in {d}, in a room above a shop.
a When was {c} founded? In which year was {c} started? What is the founding year of {c}? When did {b} start {c}?
a In what year was {c} founded?
!a What year did {c} begin?
b Who founded {c}? Who started {c}? By whom was {c} founded? Can you tell me who founded {c}?
b Who is the founder of {c}?
!b Which person founded {c}?
d Where was {c} founded? In which city did {c} begin? In which town was {c} founded? Where did {b} start {c}?
d Where did {c} begin? What is the city where {c} began?
!d In which town was {c} started?
= a=people_count b=few ~size
Today, {a} people in {b} countries work for {c}.
{c} now has {a} employees, who live in {b} countries.
With {a} colleagues in {b} different countries, {c} is no longer a small firm.
We are {a} people in {b} countries.
a How many people work for {c}? How many employees does {c} have? How large is the staff of {c}?
a How big is {c} in people? How many people are employed by {c}?
a How many of us are there?
!a How many colleagues are there at {c}?
b In how many countries do the employees of {c} live? From how many countries do the people of {c} come?
b In how many countries does {c} have employees? How many countries are home to people of {c}?
b How many countries do our people live in?
!b In how many countries do people work for {c}?
= a=a_role b=place d=year {p} is {a} at {c} and has been with the company since {d}. The desk of {p} is in {b}.
{p} joined {c} in {d} as {a} and works from {b}.
{p}, {a} at {c} since {d}, lives and works in {b}.
Since {d}, {p} has worked for {c} as {a}, mostly from {b}.
a What is the job of {p}? What does {p} do at {c}? What is the role of {p} at {c}? As what does {p} work?
a What position does {p} have?
!a Which role does {p} have at {c}?
b From where does {p} work? Where does {p} work from? Where does {p} live and work? Where is {p} based?
b In what place is the desk of {p}?
!b In which city does {p} work?
d Since when has {p} worked for {c}? When did {p} join {c}? How long has {p} been with {c}, since which year?
d Since what year has {p} worked there? In which year did {p} start at {c}? What year did {p} join?
!d In what year did {p} become part of {c}?
= a=hours b=speed ~support-hours ~urgent
The help desk of {c} is open {a}, and urgent questions are answered {b}.
Support at {c} works {a}; if something is urgent, you get an answer {b}.
You can reach the help desk of {c} {a}. For urgent matters, expect a reply {b}.
a When is the help desk of {c} open? What are the support hours of {c}? When can I reach the help desk of {c}?
a At what times is the support of {c} open? When is the help desk open?
a What are the opening hours of the help desk at {c}? During which hours does {c} offer support?
!a At what hours can I reach the support of {c}?
b How quickly are urgent questions answered at {c}? How fast does the help desk of {c} answer urgent questions?
b How long do I wait for an answer to an urgent question? How quickly does {c} reply to urgent questions?
b When will I get a reply from {c} if it is urgent? In what time does the help desk answer urgent questions?
!b How soon do you get an answer to an urgent question from {c}?
= a=fee b=fee ~plans
The basic plan of {c} costs {a}, while the full plan costs {b}.
Small teams pay {a} for the basic plan of {c}; the full plan is available for {b}.
{c} has two plans: the basic plan for {a} and the full plan for {b}.
a How much does the basic plan of {c} cost? What is the price of the basic plan of {c}?
a How much do I pay for the basic plan of {c}? What does the basic plan cost at {c}?
a What do you charge for the basic plan? For what price can I get the basic plan?
!a How much do teams pay for the basic plan of {c}?
b How much does the full plan of {c} cost? What is the price of the full plan of {c}?
b What does the full plan of {c} cost? How much is the full plan? What do I have to pay for the full plan of {c}?
b Can you tell me the price of the full plan at {c}?
!b For how much is the full plan of {c} available?
= a=percent b=duration ~discount
Customers of {c} who pay for a year in advance get a discount of {a}, and they can cancel within {b}.
If you pay {c} for a whole year, the price falls by {a}; cancelling is possible within {b}.
{c} gives {a} off to everybody who pays a year in advance. Cancelling is free within {b}.
a How large is the discount for paying {c} in advance? Which discount do customers of {c} get who pay for a year?
a How much is the discount if I pay {c} a year in advance? What discount does {c} offer for a whole year?
a How much cheaper is {c} for customers who pay for a year? What is the discount for paying in advance?
!a By how much does the price fall if you pay {c} for a year?
b Within what time can customers of {c} cancel? How long do I have to cancel at {c}? How soon must customers cancel?
b Until when can I cancel with {c}? How much time do customers of {c} have for cancelling?
!b Within what time is cancelling free at {c}?
= a=email b=phone ~contact
Questions for {c} can be sent to {a}, or you can call {b}.
Write to {a} or call {b} if you need help from {c}.
The address {a} and the number {b} are the two ways to reach {c}.
a To which address can questions for {c} be sent? What is the e-mail address of {c}? How can I reach {c} by e-mail?
a Where can I write to {c}? Which e-mail address does {c} have? What address can I write to?
!a To which e-mail address do I send questions for {c}?
b Which number can you call to reach {c}? What is the phone number of {c}? What number do I call for help from {c}?
b How can {c} be reached by phone? Which phone number does {c} have? What number should I dial for {c}?
!b Under which number can {c} be called?
= a=email b=duration ~lost-laptop
Anyone at {c} who loses a laptop must write to {a} within {b}.
A lost or stolen laptop has to be reported to {a} within {b}, says the security page of {c}.
Lost your laptop? Write to {a} within {b}, at any hour. That is the rule at {c}.
a To whom must a lost laptop be reported at {c}? Where do people at {c} report a lost laptop?
a Where must I write if I lose my laptop at {c}? Who gets the report of a lost laptop at {c}?
a Which address is for lost laptops at {c}? To what address do I write about a stolen laptop?
!a To which address must a stolen laptop be reported at {c}?
b How quickly must a lost laptop be reported at {c}? Within what time must people at {c} report a lost laptop?
b How long do I have to report a lost laptop at {c}? How soon must a lost laptop be reported?
b How much time is there to report a stolen laptop at {c}? When must I report a lost laptop at the latest?
!b How soon must somebody at {c} who loses a laptop write?
= a=few b=one:DAYS d=clock ~team
The {t} team of {c} has {a} members and meets every {b} at {d}.
Every {b} at {d}, the {a} members of the {t} team of {c} hold their meeting.
The {t} team of {c} ({a} people) comes together at {d} every {b}.
a How many members does the {t} team of {c} have? How large is the {t} team of {c}?
a How many people does the {t} team of {c} have? How many are in the {t} team?
a How many people work in the {t} team of {c}?
!a How many people are in the {t} team of {c}?
b On which day does the {t} team of {c} meet? When in the week does the {t} team of {c} meet?
b What day does the {t} team meet on? Which day of the week is for the meeting of the {t} team of {c}?
b On what day is the meeting of the {t} team of {c}?
!b Which day is the meeting day of the {t} team of {c}?
d At what time does the {t} team of {c} meet? When on that day does the meeting of the {t} team of {c} begin?
d When does the meeting of the {t} team of {c} start? What time is the meeting of the {t} team of {c}?
d At which time do the members of the {t} team of {c} meet?
!d At what hour does the meeting of the {t} team of {c} begin?
= a=person b=person ~team-head
{a} leads the {t} team of {c} and reports to {b}.
The {t} team of {c} is led by {a}, whose manager is {b}.
Questions about the {t} team of {c} go to {a}, its head, or to {b}, who is one step above.
At {c}, {a} is responsible for the {t} team. Her or his manager is {b}.
a Who leads the {t} team of {c}? Who is the head of the {t} team of {c}? Who is responsible for the {t} team at {c}?
a Whom do I ask about the {t} team of {c}? Who runs the {t} team? What is the name of the head of the {t} team at {c}?
!a Who is in charge of the {t} team of {c}?
b Who is the manager of {a}? To whom does {a} report? Who is one step above {a}? Who manages {a}?
b What is the name of the manager of {a}? Who is the boss of {a}?
!b Who stands above {a}?
= a=date b=company d=money ~client-start
On {a}, {c} began a project for {b} with a budget of {d}.
{c} has worked for {b} since {a}; the budget of the project is {d}.
{b} has been a client of {c} since {a}. The project has a budget of {d}.
a When did {c} begin its project for {b}? Since when has {c} worked for {b}?
a On what date did the project of {c} for {b} begin? From which date has {c} worked for {b}?
a When did {b} become a client of {c}?
!a On which date did {c} begin its work for {b}?
b For which company does {c} carry out a project? Who is the client of the project that {c} began on {a}?
b For whom has {c} worked since {a}? Which company is the client of {c}?
b Which company has been working with {c} since {a}?
!b For whom did {c} begin a project on {a}?
d What is the budget of the project for {b}? How large is the budget of the project for {b}?
d How much may the project for {b} cost? What budget does the project for {b} have? How big is the budget for {b}?
!d How much money is there for the project of {c} with {b}?
= a=software b=year d=people_count ~known-product
{q} is {a} that {c} released in {b}; it has {d} users today.
In {b}, {c} brought out {q}, {a} with now {d} users.
{c} is best known for {q}, {a}, which appeared in {b} and is used by {d} people.
{q} is {a}. {c} released it in {b}, and {d} people use it today.
a What is {q}? What kind of product is {q}? What does {c} offer under the name {q}?
a What can you tell me about {q}: what is it? What is the product {q} by {c}? How would you describe {q}?
!a What sort of product is {q}?
b When was {q} released? In which year did {q} appear? When did {q} appear? In what year did {c} release {q}?
b What is the release year of {q}? Since when does {q} exist?
!b In what year was {q} brought out?
d How many users does {q} have? How many people use {q}? What is the number of users of {q}?
d How many users of {q} are there? How large is the group of people who use {q}?
!d By how many people is {q} used today?
= a=list:VALUES ~values
A few words describe how we work at {c}: {a}.
When people ask what matters at {c}, the answer is {a}.
We at {c} believe in {a}, and we try to show it every day.
The values of {c} are {a}. Each of them hangs on the wall of the kitchen.
Our values: {a}.
a What matters at {c}? What do people at {c} believe in? Which values does {c} have? What are the values of {c}?
a What does {c} believe in? What do you value at {c}? What are our values?
!a Which words describe the work at {c}?
= a=money b=few ~learning
Each employee of {c} may spend {a} on books and courses every year and take {b} days off to learn.
For learning, {c} gives everyone {a} and {b} free days a year.
There is a budget of {a} for books and courses at {c}, and {b} days a year are free for learning.
a How much may employees of {c} spend on learning? What is the learning budget at {c}?
a How much money is there for learning at {c}? How much can I spend on books and courses at {c}?
a What does {c} pay for courses every year? What is my budget for learning?
!a How large is the budget for books and courses at {c}?
b How many days off for learning do employees of {c} get? How many free days for learning does {c} give?
b How many learning days does {c} give everyone? How many days a year can I use to learn at {c}?
b For how many days may people at {c} learn? How much time off do I get for learning, in days?
!b How many days a year are free for learning at {c}?
= a=two_to_four b=a_role ~homework
Working from home is allowed on {a} days a week at {c}, as long as {b} has agreed.
At {c}, people may stay at home on {a} days a week after talking to {b}.
You may work from home on {a} days a week at {c}. Ask {b} first.
a How many days a week may people at {c} work from home? How often per week can I work from home at {c}?
a How many days can I work from home? How many home days does {c} allow?
a How many days a week may employees of {c} stay at home?
!a On how many days is working from home allowed at {c}?
b Who must agree to work from home at {c}? Whom do I ask before I work from home at {c}?
b Who decides about working from home at {c}? Whose agreement do people at {c} need to work from home?
b To whom must I talk about working from home?
!b Who has to agree when people at {c} stay at home?
= a=long_time b=date ~contract-partner
The contract between {c} and {k} runs for {a} and ends on {b}.
{c} signed a contract with {k} for {a}, so it ends on {b}.
The contract of {c} with {k} is for {a}. It ends on {b}.
a How long does the contract between {c} and {k} run? For how long did {c} sign a contract with {k}?
a What is the length of the contract between {c} and {k}? How long is the contract with {k}?
a For what time did {c} and {k} sign a contract?
!a How long will {c} work with {k} under the contract?
b When does the contract between {c} and {k} end? Until when does the contract between {c} and {k} run?
b When will the contract with {k} be over? What is the last day of the contract between {c} and {k}?
b On what day does the contract with {k} end?
!b On which date is the contract between {c} and {k} over?
= a=list:CERTIFICATES b=year ~certificates
{c} has been certified for {a} since {b}.
Since {b}, {c} has held certificates for {a}, which are renewed regularly.
{c} holds certificates for {a}. It has held them since {b}.
a What is {c} certified for? Which certificates does {c} hold? Which certifications does {c} have?
a What certificates do you hold at {c}? For what is {c} certified?
!a For which standards is {c} certified?
b Since when has {c} been certified? Since when has {c} held its certificates?
b In which year did {c} get its certificates? When did {c} become certified?
b From what year does {c} hold certificates?
!b Since which year is {c} certified?
= a=list:BENEFITS b=long_time ~benefits
After {b} at {c}, every colleague gets {a}.
Colleagues who have been with {c} for {b} receive {a}.
Work for {c} for {b} and you get {a}. Nobody has to ask for it.
a What does every colleague at {c} get? Which benefits do colleagues of {c} receive?
a What benefits do people at {c} have? What benefits does {c} offer? What do I get from {c} besides my pay?
!a What do colleagues of {c} receive?
b After what time do colleagues at {c} get benefits? How long must you be with {c} to get benefits?
b When do I get the benefits of {c}? How long do colleagues wait for benefits at {c}?
b How much time must pass before {c} gives benefits? How long until I receive benefits?
!b After how long do colleagues of {c} receive benefits?
= a=street b=count ~address
The office of {c} at {a} has room for {b} people.
{c} moved into a building at {a}, where {b} people can work.
The address of our office is {a}. It has room for {b} people.
a Where is the office of {c}? What is the address of {c}? Where can I find the office of {c}?
a What is the street of the office of {c}? Which address does {c} have? Where is our office?
!a At which address is the building of {c}?
b For how many people does the office of {c} have room? How many people can work in the building of {c}?
b How many people fit in the office of {c}? How large is the office of {c}, in people?
b How much room does the office have?
!b How many people have room in the office of {c}?
= a=long_time b=long_time ~notice
Anyone who wants to leave {c} must give notice of {a}; during probation, {b} are enough.
The notice period at {c} is {a}, but only {b} during probation.
If you leave {c}, your notice is {a}, or {b} while you are still on probation.
a How long is the notice period at {c}? How much notice must people give who leave {c}?
a How long before leaving must I tell {c}? What notice do I have to give at {c}?
a How long is my notice period after probation?
!a What is the notice period at {c}?
b How long is the notice period at {c} during probation? How much notice is needed at {c} during probation?
b What is the notice period during probation at {c}? How much notice must I give while on probation?
b How long is the notice for new people on probation at {c}?
!b What notice is enough during probation at {c}?
= a=one:HOLIDAYS b=one:HOLIDAYS ~holidays
At {c} nobody works on {a}, and the office closes early on {b}.
{c} stays closed on {a} and closes at noon on {b}.
Two days are special at {c}: on {a} everybody is free, and on {b} we stop at noon.
a On which day is {c} closed? On which holiday does nobody work at {c}? When is {c} closed all day?
a On what day is everybody at {c} free? Which day is free for all at {c}?
!a What is the holiday on which nobody at {c} works?
b On which day does {c} close early? On which holiday does {c} close at noon? When does the office of {c} close early?
b On what day do people at {c} stop at noon? Which day is a half day at {c}?
!b When is the office of {c} open for half a day?
"""
