"""Relations of companies (see relations.py for the notation)."""

COMPANY = """
= company founded year
{e} was founded in {v}.
{e} has existed since {v}.
In {v}, {e} opened its doors for the first time.
The story of {e} began in {v}.
{e}, founded in {v}, is still independent.
? When was {e} founded?
? In which year was {e} founded?
? Since when has {e} existed?
? What year did {e} start?
! In what year was {e} set up?
! Which year was {e} founded in?
= company founder person
{e} was founded by {v}.
{v} founded {e}.
The founder of {e} is {v}.
{v} started {e} in a small room.
It was {v} who set up {e}.
? Who founded {e}?
? Who is the founder of {e}?
? Who started {e}?
? By whom was {e} founded?
! Who set up {e}?
! Which person founded {e}?
= company ceo person
{e} is led by {v}.
The chief executive of {e} is {v}.
{v} runs {e}.
{v} has been the head of {e} for some years.
? Who leads {e}?
? Who is the chief executive of {e}?
? Who runs {e}?
! Which person is the boss of {e}?
= company headquarters place
{e} has its headquarters in {v}.
The head office of {e} is in {v}.
{e} is based in {v}.
From {v}, {e} serves all its customers.
? Where is {e} based?
? Where is the head office of {e}?
? In which city does {e} have its headquarters?
! In which place is {e} at home?
! In what town is {e} based?
= company offices places
{e} has offices in {v}.
The offices of {e} are in {v}.
You can visit {e} in {v}.
{e} runs offices in {v}.
? Where does {e} have offices?
? In which cities are the offices of {e}?
? Where are the offices of {e}?
! Which places have an office of {e}?
= company staff people_count
{e} has {v} employees.
{v} people work at {e}.
{e} employs {v} people.
The team of {e} counts {v} people.
? How many people work at {e}?
? How many employees does {e} have?
? How many people does {e} employ?
! How large is the team of {e}?
! What is the number of employees of {e}?
= company industry one:INDUSTRIES
{e} works in the field of {v}.
The business of {e} is {v}.
{e} is known for {v}.
{e} specialises in {v}.
? What does {e} specialise in?
? What is {e} known for?
? What is the business of {e}?
! In which field does {e} work?
= company makes software
{e} makes {v}.
{e} develops {v}.
The main product of {e} is {v}.
{v} is what {e} sells.
? What does {e} make?
? What does {e} develop?
? What is the main product of {e}?
! What does {e} offer?
! Which product does {e} make?
= company turnover fortune
{e} had a turnover of {v} last year.
Last year, {e} earned {v}.
The yearly revenue of {e} is {v}.
{e} makes {v} a year.
? What is the yearly revenue of {e}?
? How much did {e} earn last year?
? How high was the turnover of {e}?
! How much revenue does {e} have?
= company terms terms
The payment terms of {e} are {v}.
{e} asks its clients to pay as follows: {v}.
Clients of {e} pay on these terms: {v}.
Invoices of {e} carry the payment terms {v}.
? What are the payment terms of {e}?
? On what terms do clients of {e} pay?
? How do clients pay {e}?
! Which payment terms does {e} use?
= company partner company
{e} works together with {v}.
The main partner of {e} is {v}.
{v} is a long-standing partner of {e}.
{e} signed a partnership with {v}.
? Who is the main partner of {e}?
? With which company does {e} work together?
? Which company is a partner of {e}?
! With whom did {e} sign a partnership?
= company client company
The biggest client of {e} is {v}.
No customer is larger for {e} than {v}.
{v} is the most important customer of {e}.
{e} has {v} as its largest customer.
? Who is the biggest client of {e}?
? Which company is the most important customer of {e}?
? Who is the largest customer of {e}?
! For whom does {e} do the most work?
= company certified list:CERTIFICATES
{e} is certified for {v}.
{e} holds certificates for {v}.
The certifications of {e} are {v}.
Auditors confirmed that {e} meets {v}.
? Which certifications does {e} have?
? What is {e} certified for?
? Which certificates does {e} hold?
! Which standards does {e} meet?
= company email email
You can reach {e} at {v}.
The e-mail address of {e} is {v}.
Write to {e} at {v}.
{e} answers messages sent to {v}.
? What is the e-mail address of {e}?
? How can I reach {e}?
? Where should I write to contact {e}?
! Which address do I use to e-mail {e}?
= company website url
The website of {e} is {v}.
{e} can be found online at {v}.
More about {e} is at {v}.
Visit {v} to learn more about {e}.
? What is the website of {e}?
? Where can {e} be found online?
? What is the web address of {e}?
! Which site tells more about {e}?
= company values list:VALUES
The values of {e} are {v}.
{e} stands for {v}.
At {e}, people believe in {v}.
{e} builds its culture on {v}.
? What are the values of {e}?
? What does {e} stand for?
? What do people believe in at {e}?
! On which values does {e} build its culture?
= company support hours
The support desk of {e} is open {v}.
Support at {e} is available {v}.
{e} answers calls {v}.
You can call {e} {v}.
? When is the support desk of {e} open?
? What are the support hours of {e}?
? When does {e} answer calls?
! At what times can you get help from {e}?
= company reply speed
{e} answers every message {v}.
Customers of {e} get a reply {v}.
{e} replies to requests {v}.
The support team of {e} responds {v}.
? How quickly does {e} answer messages?
? How fast does {e} reply to requests?
? How soon do customers of {e} get a reply?
! How long does {e} take to reply?
= company leave days_off
{e} gives its staff {v} of holiday a year.
Employees of {e} have {v} of paid leave.
At {e}, annual leave is {v}.
Everyone at {e} can take {v} off each year.
? How much annual leave do employees of {e} have?
? How many days of holiday does {e} give its staff?
? How long is annual leave at {e}?
! How much paid time off does {e} offer?
= company equipment money
{e} gives each new employee {v} for equipment.
The equipment budget at {e} is {v}.
Everyone at {e} may spend {v} on equipment.
{e} pays up to {v} for a home office.
? How much is the equipment budget at {e}?
? What is the equipment budget of {e}?
? How much may everyone at {e} spend on equipment?
! How much money does {e} give for equipment?
= company benefit list:BENEFITS
{e} offers its employees {v}.
The benefits at {e} are {v}.
Employees of {e} get {v}.
Working at {e} comes with {v}.
? Which benefits does {e} offer?
? What do employees of {e} get?
? What are the benefits at {e}?
! What perks come with working at {e}?
= company tools list:TOOLS
{e} uses {v}.
The developers of {e} work with {v}.
{e} builds its systems with {v}.
Engineers at {e} rely on {v}.
? Which technologies does {e} use?
? What do the developers of {e} work with?
? With which tools does {e} build its systems?
! On which technologies do engineers at {e} rely?
= company slogan thing
The symbol of {e} is {v}.
The logo of {e} shows {v}.
{e} chose {v} as its symbol.
On the sign of {e} you see {v}.
? What does the logo of {e} show?
? What is the symbol of {e}?
? What can you see on the sign of {e}?
! What did {e} choose as its symbol?
= company oldname company
{e} was once called {v}.
The former name of {e} is {v}.
{e} changed its name from {v}.
Before that, {e} was known as {v}.
? What was {e} once called?
? What is the former name of {e}?
? Which name did {e} have before?
! Under which name was {e} known earlier?
= company languages list:LANGUAGES
People at {e} speak {v}.
{e} offers its service in {v}.
The working languages at {e} are {v}.
Customers can write to {e} in {v}.
? Which languages do people at {e} speak?
? In which languages does {e} offer its service?
? What are the working languages at {e}?
! Which languages are used at {e}?
= company holiday one:HOLIDAYS
{e} is closed on {v}.
The office of {e} does not open on {v}.
On {v}, nobody works at {e}.
{v} is a day off at {e}.
? On which day is {e} closed?
? On which holiday does nobody work at {e}?
? When is the office of {e} closed?
! Which day is a day off at {e}?
= company clients_countries list:COUNTRIES
{e} has customers in {v}.
The clients of {e} come from {v}.
{e} sells to {v}.
{e} serves clients in {v}.
? In which countries does {e} have customers?
? Where do the clients of {e} come from?
? To which countries does {e} sell?
! Which countries does {e} serve?
"""
