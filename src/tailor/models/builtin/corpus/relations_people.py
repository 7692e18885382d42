"""Relations of people, projects and events (see relations.py for the notation)."""

PERSON = """
= person birthplace place
{e} was born in {v}.
{e} comes from {v}.
The birthplace of {e} is {v}.
{v} is the home town of {e}.
{e} grew up in {v}.
? Where was {e} born?
? Where does {e} come from?
? What is the birthplace of {e}?
? What is the home town of {e}?
! In which town was {e} born?
! From which place does {e} come?
= person job a_role
{e} is {v}.
{e} works as {v}.
{e} earns a living as {v}.
By profession, {e} is {v}.
? What is the job of {e}?
? What does {e} do for a living?
? What does {e} work as?
? What is the profession of {e}?
! Which job does {e} have?
! As what does {e} work?
= person employer company
{e} works for {v}.
{e} is employed by {v}.
The employer of {e} is {v}.
{v} hired {e}.
{e} has a job at {v}.
? Where does {e} work?
? Who is the employer of {e}?
? Which company does {e} work for?
? Who hired {e}?
! At which company does {e} have a job?
! For whom does {e} work?
= person hobby one:HOBBIES
{e} likes {v}.
In the evening, {e} enjoys {v}.
The hobby of {e} is {v}.
{e} spends every weekend {v}.
? What is the hobby of {e}?
? What does {e} like?
? What does {e} enjoy in the evening?
? How does {e} spend the weekend?
! Which hobby does {e} have?
! What does {e} do for fun?
= person born year
{e} was born in {v}.
{v} is the year in which {e} was born.
{e} came into the world in {v}.
The birth year of {e} is {v}.
? When was {e} born?
? In which year was {e} born?
? What is the birth year of {e}?
? When did {e} come into the world?
! Which year was {e} born in?
! In what year did {e} come into the world?
= person home place
{e} lives in {v}.
{e} has a house in {v}.
The home of {e} is in {v}.
{e} moved to {v} some years ago.
? Where does {e} live?
? In which town does {e} live?
? Where is the home of {e}?
? Where does {e} have a house?
! In which place is the home of {e}?
! To which place did {e} move?
= person joined date
{e} joined the company on {v}.
{e} started here on {v}.
The first working day of {e} was {v}.
Since {v}, {e} has been part of the team.
? When did {e} join the company?
? When did {e} start here?
? What was the first working day of {e}?
! Since when has {e} been part of the team?
= person email email
The e-mail address of {e} is {v}.
Write to {e} at {v}.
You can reach {e} at {v}.
{e} reads messages sent to {v}.
? What is the e-mail address of {e}?
? How can I reach {e}?
? Where can I write to {e}?
! Which address do I use to e-mail {e}?
= person phone phone
The phone number of {e} is {v}.
Call {e} on {v}.
{e} can be called on {v}.
{e} picks up the phone at {v}.
? What is the phone number of {e}?
? On which number can {e} be called?
? How can I call {e}?
! Which number do I dial for {e}?
= person reports person
{e} reports to {v}.
The manager of {e} is {v}.
{v} leads the team of {e}.
{e} has {v} as a manager.
? Who is the manager of {e}?
? To whom does {e} report?
? Who leads the team of {e}?
! Whom does {e} have as a manager?
= person deputy person
The deputy of {e} is {v}.
{v} stands in for {e}.
When {e} is away, {v} takes over.
{e} is replaced by {v} during holidays.
? Who is the deputy of {e}?
? Who stands in for {e}?
? Who takes over when {e} is away?
! By whom is {e} replaced during holidays?
= person languages list:LANGUAGES
{e} speaks {v}.
The languages of {e} are {v}.
{e} learned {v}.
{e} can read {v}.
? Which languages does {e} speak?
? What are the languages of {e}?
? Which languages did {e} learn?
! What languages can {e} read?
= person studied place
{e} studied in {v}.
{e} went to university in {v}.
The degree of {e} is from a school in {v}.
{e} was a student in {v}.
? Where did {e} study?
? Where did {e} go to university?
? In which city was {e} a student?
! From where is the degree of {e}?
= person bought thing
{e} bought {v}.
Last week {e} paid for {v}.
{e} found {v} in the shop and took it home.
The new purchase of {e} is {v}.
? What did {e} buy?
? What did {e} pay for last week?
? What did {e} find in the shop?
! What is the new purchase of {e}?
= person salary fee
{e} earns {v}.
The rate of {e} is {v}.
{e} gets {v}.
{e} is paid {v}.
? How much does {e} earn?
? What is the rate of {e}?
? How much is {e} paid?
! How much money does {e} get?
= person leads project
{e} leads {v}.
{v} is led by {e}.
{e} is the manager of {v}.
{e} took charge of {v}.
? Which project does {e} lead?
? What does {e} lead?
? Which project is led by {e}?
! Of which project did {e} take charge?
= person pet one:ANIMALS
{e} keeps {v}.
On the farm of {e} there are {v}.
{e} raises {v}.
{e} takes care of {v}.
? Which animals does {e} keep?
? What animals are on the farm of {e}?
? What does {e} raise?
! Which animals does {e} take care of?
"""

PROJECT = """
= project deadline date
The deadline of {e} is {v}.
{e} must be finished by {v}.
{e} ends on {v}.
The team has until {v} to finish {e}.
? What is the deadline of {e}?
? When must {e} be finished?
? When does {e} end?
! Until when does the team have to finish {e}?
= project start date
{e} began on {v}.
{e} was started on {v}.
Work on {e} began on {v}.
The first day of {e} was {v}.
? When did {e} begin?
? When was {e} started?
? When did work on {e} begin?
! What was the first day of {e}?
= project budget money
The budget of {e} is {v}.
{e} has a budget of {v}.
{v} was set aside for {e}.
{e} may cost {v}.
? What is the budget of {e}?
? How much may {e} cost?
? How much was set aside for {e}?
! How large is the budget of {e}?
= project lead person
{e} is led by {v}.
{v} leads {e}.
The project lead of {e} is {v}.
{v} is in charge of {e}.
? Who leads {e}?
? Who is in charge of {e}?
? Who is the project lead of {e}?
! By whom is {e} led?
= project team people
{v} work on {e}.
The team of {e} consists of {v}.
The members of {e} are {v}.
{e} is carried out by {v}.
? Who works on {e}?
? Who are the members of {e}?
? Of whom does the team of {e} consist?
! By whom is {e} carried out?
= project client company
{e} is done for {v}.
The client of {e} is {v}.
{v} ordered {e}.
{v} pays for {e}.
? Who is the client of {e}?
? For whom is {e} done?
? Who ordered {e}?
! Who pays for {e}?
= project goal software
The goal of {e} is {v}.
{e} should produce {v}.
The result of {e} will be {v}.
With {e}, the team wants to build {v}.
? What is the goal of {e}?
? What should {e} produce?
? What will be the result of {e}?
! What does the team want to build with {e}?
= project length long_time
{e} takes {v}.
{e} is planned for {v}.
The work on {e} lasts {v}.
{e} runs for {v}.
? How long does {e} take?
? How long does {e} run?
? How long does the work on {e} last?
! For how long is {e} planned?
"""

EVENT = """
= event date day
{e} takes place on {v}.
{e} is on {v}.
The date of {e} is {v}.
On {v} everyone goes to {e}.
? When does {e} take place?
? When is {e}?
? What is the date of {e}?
! On which day is {e}?
= event venue room
{e} takes place {v}.
{e} is held {v}.
Guests meet {v} for {e}.
People gather {v} during {e}.
? Where does {e} take place?
? Where is {e} held?
? Where do guests meet for {e}?
! Where do people gather during {e}?
= event starts clock
{e} starts at {v}.
{e} begins at {v}.
At {v} the doors open for {e}.
The start of {e} is at {v}.
? At what time does {e} start?
? When does {e} begin?
? At what time do the doors open for {e}?
! What is the starting time of {e}?
= event guests people_count
{v} people came to {e}.
{e} had {v} guests.
{v} guests were counted at {e}.
? How many people came to {e}?
? How many guests did {e} have?
? How many guests were counted at {e}?
! How large was the crowd at {e}?
= event ticket money
A ticket for {e} costs {v}.
Visitors pay {v} for {e}.
The entrance fee of {e} is {v}.
? How much does a ticket for {e} cost?
? What is the entrance fee of {e}?
? How much do visitors pay for {e}?
! What is the price of a ticket for {e}?
= event organiser person
{e} is organised by {v}.
{v} organises {e}.
The organiser of {e} is {v}.
? Who organises {e}?
? By whom is {e} organised?
? Who is the organiser of {e}?
! Who prepares {e}?
= event food list:FOODS
At {e} there are {v} to eat.
{e} serves {v}.
Guests of {e} can eat {v}.
? What can guests of {e} eat?
? What does {e} serve?
? What is there to eat at {e}?
! Which food do people get at {e}?
"""
