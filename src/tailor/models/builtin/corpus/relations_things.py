"""Relations of policies, teams, offices, places, animals and machines (see relations.py for the notation)."""

POLICY = """
= allowance amount money
{e} is {v}.
The company pays {v} as {e}.
{e} comes to {v}.
{e} is limited to {v}.
? How much is {e}?
? How much does the company pay as {e}?
? How high is {e}?
! What is the amount of {e}?
= allowance approver a_role
{e} must be approved by {v}.
{e} has to be agreed with {v}.
Ask {v} about {e}.
{e} is checked by {v}.
? Who must approve {e}?
? By whom is {e} checked?
? Whom should I ask about {e}?
! With whom does {e} have to be agreed?
= allowance paid frequency
{e} is paid {v}.
You receive {e} {v}.
The company pays {e} {v}.
? How often is {e} paid?
? How often do you receive {e}?
? How often does the company pay {e}?
! At what interval is {e} paid?
= allowance form channel
Ask for {e} {v}.
{e} is requested {v}.
Employees apply for {e} {v}.
? How is {e} requested?
? How do employees apply for {e}?
? How do I ask for {e}?
! In which way can I get {e}?
= leave length days_off
{e} is {v}.
Everyone gets {v} of {e}.
{e} lasts {v}.
Employees are entitled to {v} of {e}.
? How long is {e}?
? How many days of {e} does everyone get?
? How long does {e} last?
! To how much {e} are employees entitled?
= leave notice duration
{e} must be requested {v} in advance.
Requests for {e} are made {v} ahead.
Ask for {e} at least {v} before it begins.
? How long in advance must {e} be requested?
? How far ahead are requests for {e} made?
? How early must I ask for {e}?
! How much notice is needed for {e}?
= leave approver a_role
{e} is approved by {v}.
{v} decides about {e}.
Requests for {e} go to {v}.
? Who approves {e}?
? Who decides about {e}?
? To whom do requests for {e} go?
! Who says yes to {e}?
= rule length duration
{e} lasts {v}.
{e} is {v}.
The length of {e} is {v}.
{e} takes {v}.
? How long is {e}?
? How long does {e} last?
? What is the length of {e}?
! For how long does {e} go on?
= rule owner a_role
{e} is in the hands of {v}.
{v} is responsible for {e}.
Questions about {e} go to {v}.
? Who is responsible for {e}?
? To whom do questions about {e} go?
? In whose hands is {e}?
! Whom should I ask when {e} is unclear?
= rule since date
{e} has applied since {v}.
{e} came into force on {v}.
{e} was introduced on {v}.
? Since when has {e} applied?
? When did {e} come into force?
? When was {e} introduced?
! From which date does {e} count?
= plan price fee
{e} costs {v}.
The price of {e} is {v}.
{e} is available for {v}.
Customers on {e} pay {v}.
? How much does {e} cost?
? What is the price of {e}?
? How much do customers on {e} pay?
! For how much is {e} available?
= plan seats count
{e} includes {v} users.
{e} is made for up to {v} users.
With {e} you can invite {v} users.
? How many users does {e} include?
? How many users can you invite with {e}?
? For how many users is {e} made?
! What is the user limit of {e}?
= plan storage storage
{e} includes {v} of storage.
{e} comes with {v} of space.
Customers on {e} can store {v}.
? How much storage does {e} include?
? How much space comes with {e}?
? How much can customers on {e} store?
! What is the storage limit of {e}?
= plan features list:FEATURES
{e} includes {v}.
{e} adds {v}.
Customers on {e} get {v}.
? What does {e} include?
? Which features does {e} add?
? What do customers on {e} get?
! Which features belong to {e}?
= team lead person
{e} is led by {v}.
The head of {e} is {v}.
{v} leads {e}.
{e} reports to {v}.
? Who leads {e}?
? Who is the head of {e}?
? To whom does {e} report?
! Who is at the top of {e}?
= team size few
{e} has {v} members.
{v} people belong to {e}.
{e} consists of {v} people.
? How many members does {e} have?
? How many people belong to {e}?
? Of how many people does {e} consist?
! What is the size of {e}?
= team task plural
{e} looks after {v}.
{e} is responsible for {v}.
The main task of {e} is to check {v}.
? What does {e} look after?
? What is {e} responsible for?
? What does {e} have to check?
! What is in the care of {e}?
= team meets meeting
{e} meets {v}.
The weekly call of {e} is {v}.
{e} comes together {v}.
? When does {e} meet?
? When is the weekly call of {e}?
? When does {e} come together?
! At what time do the people of {e} meet?
= team channel email
{e} can be reached at {v}.
The address of {e} is {v}.
Send questions for {e} to {v}.
? How can {e} be reached?
? What is the address of {e}?
? Where do I send questions for {e}?
! Which e-mail address belongs to {e}?
= office opened year
{e} opened in {v}.
{e} was opened in {v}.
Since {v}, people have worked in {e}.
? When did {e} open?
? In which year was {e} opened?
? Since when have people worked in {e}?
! What year did {e} open?
= office desks count
{e} has {v} desks.
There are {v} desks in {e}.
{e} offers room for {v} people.
? How many desks does {e} have?
? How many desks are there in {e}?
? For how many people does {e} offer room?
! How many people fit into {e}?
= office address street
The address of {e} is {v}.
You will find {e} at {v}.
{e} is at {v}.
{e} moved to {v}.
? What is the address of {e}?
? Where will you find {e}?
? Where is {e}?
! At which address is {e}?
= office hours hours
{e} is open {v}.
The opening hours of {e} are {v}.
You can enter {e} {v}.
? When is {e} open?
? What are the opening hours of {e}?
? When can you enter {e}?
! During which hours is {e} open?
= office manager person
{e} is managed by {v}.
{v} manages {e}.
The manager of {e} is {v}.
? Who manages {e}?
? Who is the manager of {e}?
? By whom is {e} managed?
! Which person keeps {e} running?
"""

NATURE = """
= town river riverword
{e} lies on the river {v}.
The river {v} flows through {e}.
The river in {e} is the {v}.
In {e} you can swim in the {v}.
? Which river flows through {e}?
? On which river does {e} lie?
? What is the river in {e} called?
? What is the name of the river in {e}?
! In which river can you swim in {e}?
! Through {e} flows which river?
= town mayor person
The mayor of {e} is {v}.
{v} is the mayor of {e}.
{e} elected {v} as mayor.
{v} governs {e}.
? Who is the mayor of {e}?
? What is the name of the mayor of {e}?
? Whom did {e} elect as mayor?
? Who governs {e}?
! Which person is mayor of {e}?
! Who rules the town hall of {e}?
= town famous plural
{e} is famous for its {v}.
People visit {e} because of its {v}.
{e} is known for its {v}.
The pride of {e} are its {v}.
? What is {e} famous for?
? What is {e} known for?
? Why do people visit {e}?
? What is the pride of {e}?
! For what is {e} famous?
! What made {e} famous?
= town population people_count
{e} has {v} inhabitants.
{v} people live in {e}.
The population of {e} is {v}.
{e} is home to {v} people.
? How many people live in {e}?
? How many inhabitants does {e} have?
? What is the population of {e}?
? To how many people is {e} home?
! How large is the population of {e}?
! What is the number of inhabitants of {e}?
= town country one:COUNTRIES
{e} is a town in {v}.
{e} lies in {v}.
The country of {e} is {v}.
{e} belongs to {v}.
? In which country is {e}?
? Where does {e} lie?
? What is the country of {e}?
? To which country does {e} belong?
! Which country is {e} in?
! In what country can {e} be found?
= animal species species
{e} is {v}.
The pet {e} is {v}.
The animal called {e} is {v}.
Everyone knows that {e} is {v}.
? What kind of animal is {e}?
? What is {e}?
? Which animal is {e}?
? What animal is called {e}?
! What sort of animal is {e}?
! To which kind of animal does {e} belong?
= animal eats foodword
{e} eats {v}.
The favourite food of {e} is {v}.
{e} likes to eat {v}.
{e} is fed with {v}.
? What does {e} eat?
? What is the favourite food of {e}?
? What does {e} like to eat?
? With what is {e} fed?
! Which food does {e} eat?
! What do people feed {e}?
= animal keeper person
{e} belongs to {v}.
The owner of {e} is {v}.
{v} takes care of {e}.
{v} owns {e}.
? Who is the owner of {e}?
? To whom does {e} belong?
? Who takes care of {e}?
? Who owns {e}?
! Whose animal is {e}?
! Which person owns {e}?
= animal sleeps room
{e} sleeps {v}.
At night, {e} rests {v}.
You can find {e} asleep {v}.
The bed of {e} is {v}.
? Where does {e} sleep?
? Where does {e} rest at night?
? Where is the bed of {e}?
? Where can you find {e} asleep?
! In which place does {e} sleep?
! Where does {e} spend the night?
= animal age few
{e} is {v} years old.
{e} has lived for {v} years.
The age of {e} is {v} years.
{e} had its birthday and is now {v}.
? How old is {e}?
? How many years old is {e}?
? What is the age of {e} in years?
? For how many years has {e} lived?
! How many years has {e} lived?
! What age does {e} have?
"""
