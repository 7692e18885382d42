"""Prose of handbooks: money, contracts, support, security, work and leave (notation: prose.py)."""

PROSE = """
= a=count b=one:HOLIDAYS
A password at {c} must have at least {a} characters, and everyone changes it before {b}.
At {c}, passwords are {a} characters long or longer. They are renewed before {b}.
The rule for passwords at {c} is simple: {a} characters at least, and a new one before {b}.
a How long must a password at {c} be?
a How many characters must a password at {c} have?
a What is the shortest password that {c} allows?
a Minimum password length at {c}?
a Tell me the number of characters a password needs at {c}.
b When must passwords at {c} be changed?
b Before which day does everyone at {c} change the password?
!a What length do passwords need at {c}?
!b Before which holiday are passwords renewed at {c}?
= a=speed b=speed
{c} support responds to a critical ticket {a}. A standard ticket receives a response {b}.
Critical tickets are answered {a} at {c}; for standard tickets, the answer comes {b}.
At {c}, a critical problem gets a reply {a}, every other ticket {b}.
a How fast does {c} respond to a critical ticket?
a How quickly are critical tickets answered at {c}?
a What is the response time of {c} for critical tickets?
a When does the support team of {c} reply to something critical?
b How fast does {c} respond to a standard ticket?
b What is the response time of {c} for standard tickets?
b How long does {c} take to answer an ordinary ticket?
!a In what time must {c} answer a critical report?
!b How soon is a standard ticket answered at {c}?
= a=email b=phone
Clients reach technical support at {c} by writing to {a}. In an emergency, they can call {b}.
For technical help, {c} reads {a}; the emergency number is {b}.
Write to {a} for technical questions to {c}, or dial {b} in an emergency.
a What is the address of technical support at {c}?
a Where do clients of {c} write for technical help?
a How can I contact technical support at {c}?
a Which e-mail address does technical support at {c} have?
b Which number do clients of {c} call in an emergency?
b What is the emergency number of {c}?
b How do I call {c} in an emergency?
!a To which address should technical questions for {c} go?
!b What phone number is there for emergencies at {c}?
= a=email b=speed
New clients can contact {c} at {a}, and a first reply comes {b}.
To become a client of {c}, write to {a}. You will hear from the sales team {b}.
The sales team of {c} reads {a} and answers {b}.
a How can new clients contact {c}?
a What is the sales address of {c}?
a Where do I write to become a client of {c}?
a Sales contact of {c}?
b How fast do new clients of {c} get a first reply?
b When does the sales team of {c} answer?
!a Which address should a new client of {c} use?
!b How soon do new clients hear from {c}?
= a=email b=few
Applications to {c} are sent to {a}. The interview process has {b} stages.
Apply at {c} by writing to {a}; there are {b} stages until you get an offer.
{c} takes applications at {a}, and every candidate goes through {b} stages.
a Where do I send an application to {c}?
a To which address are applications to {c} sent?
a How can I apply at {c}?
a Job address of {c}?
b How many stages does the interview process at {c} have?
b How many steps does hiring at {c} take?
b What number of interviews does {c} hold?
!a What address is for people who want a job at {c}?
!b Through how many stages does a candidate go at {c}?
= a=long_time b=place
{c} keeps backups for {a} and stores them in {b}.
Backups at {c} are deleted after {a}. Until then they stay in a data centre in {b}.
At {c}, every backup is kept for {a}; the copies are in {b}.
a How long does {c} keep backups?
a For how long are backups kept at {c}?
a After what time does {c} delete backups?
a What is the retention time for backups at {c}?
b Where does {c} store its backups?
b In which city are the backups of {c}?
!a For what period does {c} keep its backups?
!b In which place are the backups of {c} stored?
= a=duration b=email
A security incident at {c} must be reported within {a} to {b}.
Report any security incident at {c} within {a}. Reports go to {b}, even if nothing happened.
If you see a security incident, {c} expects a message to {b} within {a}.
a How soon must a security incident be reported at {c}?
a Within what time must I report a security incident at {c}?
a How much time do I have to report an incident at {c}?
a How quickly should security incidents at {c} be reported?
b To whom are security incidents reported at {c}?
b Where do reports of a security incident go at {c}?
b Which address does {c} have for security reports?
!a In what time does {c} want to hear of a security incident?
!b Which address do I write to after a security incident at {c}?
= a=money b=percent
The workshop at {c} costs {a}, and nonprofit organisations get a discount of {b}.
{c} charges {a} for a workshop. Nonprofit organisations pay {b} less.
For {a}, {c} holds a workshop with a written plan; the discount for nonprofit organisations is {b}.
a How much does the workshop at {c} cost?
a What is the price of a workshop at {c}?
a What does {c} charge for a workshop?
a Workshop price at {c}?
b How large is the discount for nonprofit organisations at {c}?
b What discount do nonprofit organisations get at {c}?
b How much less do nonprofit organisations pay at {c}?
b By how much is the workshop at {c} cheaper for nonprofit organisations?
!a For how much money does {c} hold a workshop?
!b Which discount does {c} give to nonprofit organisations?
= a=percent b=percent
For weekend work, {c} adds a surcharge of {a}. Work at night costs {b} more.
{c} asks {a} more for weekend work and {b} more for night work.
The surcharge at {c} is {a} on weekends and {b} at night.
a How high is the surcharge of {c} for weekend work?
a What surcharge does {c} add on weekends?
a How much more does weekend work cost at {c}?
b How much more does work at night cost at {c}?
b What is the surcharge for night work at {c}?
!a What does {c} add to the price for weekend work?
!b How large is the surcharge of {c} at night?
= a=fee b=terms
The rate at {c} is {a}, and the payment terms are {b}.
{c} bills its work at {a}. Clients pay on terms of {b}, which can be changed.
Work by {c} costs {a}; invoices are due on terms of {b}.
a What is the rate at {c}?
a How does {c} bill its work?
a How much does {c} charge?
a What do clients of {c} pay for the work?
b What are the payment terms of {c}?
b On what terms do clients of {c} pay?
b When do clients have to pay {c}?
!a At which rate does {c} work?
!b Which terms of payment does {c} have?
= a=percent b=day
A late payment to {c} costs {a} a month, and invoices are sent on {b}.
{c} sends its invoices on {b}. Whoever pays late owes {a} more each month.
The late fee of {c} is {a} a month; the invoices go out on {b}.
a How high is the late fee of {c}?
a What does a late payment to {c} cost?
a What happens to the price when a client of {c} pays late?
b When does {c} send its invoices?
b On which day are invoices of {c} sent?
b Invoice day of {c}?
!a How much do clients owe {c} for paying late?
!b On what day does billing take place at {c}?
= a=percent b=long_time
Each project with {c} begins with a deposit of {a}, and the contract can be ended with a notice of {b}.
{c} asks for {a} in advance as a deposit. Clients can leave with {b} of notice.
The deposit at {c} is {a} of the price; the notice for ending a contract is {b}.
a How large is the deposit at {c}?
a How much do clients of {c} pay in advance?
a What deposit does {c} ask for?
b How much notice do clients of {c} need to end a contract?
b With what notice can a contract with {c} be ended?
!a What part of the price is the deposit at {c}?
!b How long before must a client tell {c} that the contract ends?
= a=duration b=a_role
Each staff contract with {c} begins with a trial of {a}, and {b} decides what comes next.
{c} offers a trial of {a}. After the trial, {b} talks to the client.
The trial at {c} lasts {a}; then {b} decides.
a How long is the trial at {c}?
a What is the length of the trial at {c}?
a How long can a client try {c}?
b Who decides after the trial at {c}?
b Who talks to the client after the trial with {c}?
!a For how long does a trial with {c} last?
!b Which person decides when the trial at {c} is over?
= a=speed b=few
A new team from {c} is ready to start {a} and has {b} members.
{c} puts a team of {b} people together {a}.
Teams of {c} have {b} people. They can start {a}.
a How quickly can a new team from {c} start?
a When is a team from {c} ready?
a How fast does {c} put a team together?
b How many members does a team from {c} have?
b How large is a team of {c}?
!a Within what time is a team from {c} ready to start?
!b Of how many people does a team of {c} consist?
= a=plural b=list:COUNTRIES
{c} sells {a} in {b}.
Customers in {b} buy {a} from {c}.
{a} from {c} can be bought in {b}.
a What does {c} sell?
a Which goods does {c} sell?
a What do customers buy from {c}?
b Where does {c} sell its goods?
b In which countries can people buy from {c}?
b Which markets does {c} have?
!a What can people buy from {c}?
!b In what countries does {c} sell its products right now?
= a=one:ANIMALS b=person
The mascot of {c} is one of the {a}; it is called {b}.
{b} is the mascot of {c} and belongs to the {a}.
{c} has a mascot from the family of the {a}. Its name is {b}.
a What animal is the mascot of {c}?
a To which animals does the mascot of {c} belong?
b What is the name of the mascot of {c}?
b What is the mascot of {c} called?
b Name the mascot of {c}.
!a What kind of animal does {c} have as a mascot?
!b Which name does the mascot of {c} have?
= a=place b=one:MONTHS
The yearly retreat of {c} takes place at {a} in {b}.
Once a year, in {b}, the people of {c} meet at {a}.
Every {b}, {c} travels to {a} for its retreat.
a Where does the retreat of {c} take place?
a Where do the people of {c} meet once a year?
a Retreat of {c}: which place?
b In which month is the retreat of {c}?
b When do the people of {c} meet in person?
b When is the retreat of {c}?
!a To which place do the people of {c} travel once a year?
!b Which month does {c} choose for its retreat?
= a=days_off b=days_off
New parents at {c} get {a} of paid leave, and {c} gives everyone {b} of annual leave.
At {c}, parental leave is {a} and annual leave is {b}.
{c} offers {b} of holiday each year. When a child is born, there are {a} more.
a How long is parental leave at {c}?
a How much leave do new parents at {c} get?
a How long can I be off with a new baby at {c}?
b How long is annual leave at {c}?
b How many days of holiday do people at {c} have each year?
b Annual leave at {c}?
!a What leave does {c} give to new parents?
!b How much holiday does one get at {c} in a year?
= a=days_off b=few
Sick leave at {c} is paid for up to {a}, and a note from a doctor is needed after {b} days.
{c} pays up to {a} of sick leave; people who are ill for more than {b} days bring a note from a doctor.
People at {c} who are ill are paid for up to {a}. From {b} days on, they need a note.
a How much sick leave does {c} pay for?
a How long is sick leave paid at {c}?
a For how long do I get paid at {c} when I am ill?
b After how many days is a note from a doctor needed at {c}?
b When does {c} ask for a note from a doctor?
!a What is the limit of paid sick leave at {c}?
!b How many days may one be ill at {c} without a note?
= a=duration b=duration
People at {c} work with clients for at least {a} of overlap each day and {b} of focus time.
{c} asks everyone for {a} of overlap with clients each day; {b} are kept free for quiet work.
Daily overlap with clients at {c} is {a}. Quiet work gets {b}.
a How much overlap with clients does {c} ask for?
a How long is the daily overlap with clients at {c}?
a Daily overlap with clients at {c}?
b How much time is kept free for quiet work at {c}?
b How long is the focus time at {c}?
!a For how long each day must people at {c} be there for clients?
!b What time does {c} keep for quiet work?
= a=money b=frequency
{c} gives {a} for a home office. Laptops are renewed {b}.
For the home office, everyone at {c} gets {a}, and a new laptop comes {b}.
People at {c} may spend {a} on a home office; laptops are replaced {b}.
a How much money does {c} give for a home office?
a What is the home office budget at {c}?
a How much can I spend on my home office at {c}?
b How often does {c} renew its laptops?
b How often do people at {c} get a new laptop?
b When does {c} replace laptops?
!a Which amount does {c} pay for a home office?
!b How frequently are laptops renewed at {c}?
= a=money b=money
On business trips, {c} pays up to {a} a night for a hotel and {b} a day for meals.
The hotel limit at {c} is {a} a night; for meals there are {b} a day.
{c} covers meals of {b} a day while travelling. Hotels may cost {a} a night.
a How much may a hotel cost at {c}?
a What is the hotel limit at {c}?
a How much does {c} pay for a hotel?
b How much does {c} pay for meals on trips?
b What is the meal allowance at {c}?
b How much can I spend on food on a trip for {c}?
!a Up to what price does {c} pay for a night in a hotel?
!b What money is there for meals on trips for {c}?
= a=duration b=email
Receipts must be handed in within {a} at {c}; send them to {b}.
{c} pays expenses when the receipts arrive at {b} within {a}.
Send receipts to {b}. After {a}, {c} no longer accepts them.
a Within what time must receipts be handed in at {c}?
a How long does {c} accept receipts?
a How much time do I have to send receipts to {c}?
b Where do I send receipts at {c}?
b To which address do receipts for {c} go?
!a How soon must I hand in receipts at {c}?
!b What address does {c} have for receipts?
= a=money b=long_time
Whoever recommends a new colleague to {c} gets {a}, paid after {b}.
The referral bonus at {c} is {a}. It is paid once the new colleague has stayed for {b}.
{c} pays {a} for a good recommendation; the new person must stay for {b}.
a How high is the referral bonus at {c}?
a What do I get for recommending a colleague to {c}?
a How much does {c} pay for a recommendation?
b After what time is the referral bonus paid at {c}?
b How long must the new colleague stay at {c}?
!a Which bonus does {c} pay for new colleagues?
!b When does {c} pay the referral bonus?
= a=duration b=few
Every newcomer at {c} has a mentor for {a}, and each mentor looks after {b} people at most.
{c} gives newcomers a mentor for the first {a}. A mentor has no more than {b} people.
Mentors at {c} help {b} people at most, each for {a}.
a How long do newcomers at {c} have a mentor?
a For how long does a mentor help at {c}?
b How many people does a mentor at {c} look after?
b What is the largest number of people for one mentor at {c}?
!a What time does a newcomer spend with a mentor at {c}?
!b How many newcomers can one mentor have at {c}?
"""
