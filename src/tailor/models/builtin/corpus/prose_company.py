"""Prose of handbooks: history, places, size, values and outside relations of a company (notation: prose.py)."""

PROSE = """
= a=one:ORIGINS b=person ~name
The name {c} comes from {a}. It was {b} who suggested it, late one evening.
Many visitors wonder about our name: {c} is named after {a}, an idea of {b}.
{c} owes its name to {a}. The idea came from {b}, who still tells the story.
When {b} had to fill in the first form, {c} was named after {a}.
a Where does the name {c} come from? After what is {c} named? What does the name of {c} refer to?
a What is the origin of the name {c}? Can you tell me where the name {c} comes from? To what does {c} owe its name?
!a What is {c} named after? What is behind the name of {c}?
b Who suggested the name {c}? Who came up with the name {c}? Whose idea was the name {c}?
b Which person suggested the name of {c}? Who had the idea for our name? Who thought of the name {c}?
!b From whom did the idea for the name {c} come? By whom was the name {c} suggested?
= a=company b=one:BUILDS ~first-client ~client-start
The first client of {c} was {a}, for which two people built {b}.
{c} won its first client, {a}, by chance. What {a} needed was {b}.
It started small: {a} asked {c} for {b} and so became the first client.
Our first client was {a}. For {a} we built {b}, which still runs today.
a Who was the first client of {c}? Which company was the first client of {c}? For whom did {c} work first?
a Who became the first client of {c}? What was the name of the first client of {c}? Who was our first client?
!a Which client did {c} win first? Who was the client that {c} had first?
b What did {c} build for its first client? What did the first client of {c} need? What did {c} make for {a}?
b What was the first piece of work of {c}? What did {a} ask {c} for? What was built for {a}?
!b What did the first client ask {c} to build? What was made for the first client of {c}?
= a=place b=street d=year ~headquarters ~address
The headquarters of {c} are in {a}, at {b}. The company moved there in {d}.
Since {d}, {c} has had its main office in {a} ({b}).
{c} is based in {a}. Letters reach us at {b}, where we have been since {d}.
In {d} {c} left its old rooms and moved its head office to {a}; the new address is {b}.
a In which city is {c} based? Where are the headquarters of {c}? Where is the head office of {c}?
a In which place does {c} have its main office? Where is {c} based? What city is home to the head office of {c}?
!a Which city are the headquarters of {c} in? In what town does {c} have its head office?
b At which street address is the head office of {c}? To which street address do I send a letter for {c}?
b What is the street address of the headquarters of {c}? What street and number does {c} have?
b At what street and number is the main office of {c}? Under which street address can letters reach {c}?
!b What street address does the main office of {c} have? To what street and number are letters for {c} sent?
d When did {c} move to its head office? Since when has {c} been at its main office? In which year did {c} move?
d Since what year have the headquarters of {c} been there? What year did {c} move to its present address?
!d In what year did {c} move its headquarters? Since which year has the head office of {c} been there?
= a=few b=places ~offices
{c} has {a} offices, the largest of them in {b}.
Of the {a} offices of {c}, those in {b} are open to visitors.
You will find {a} offices of {c} around the world; meeting rooms for guests exist only in {b}.
We run {a} offices. Guests are welcome in {b}, while the others are for staff only.
a How many offices does {c} have? What is the number of offices of {c}? How many offices are there at {c}?
a How many offices does {c} run? Can you tell me how many offices {c} has? In how many offices does {c} work?
!a How many offices belong to {c}? The people of {c} work in how many offices?
b Which offices are mentioned by name? Where are the offices of {c} that are named? Which places have our offices?
b In which places does {c} have offices? Where can I visit {c}? In which towns are there offices of {c}?
!b Which towns have an office of {c}? In what places can {c} be visited?
= a=place b=month_year d=people_count ~branch ~offices
{c} opened a branch in {a} in {b}. It has {d} employees by now.
The newest branch of {c} is in {a}: opened in {b}, it employs {d} people.
In {b} a new branch of {c} opened its doors in {a}, and {d} colleagues work there.
With the branch in {a}, which opened in {b}, {c} gave work to {d} people.
a Where did {c} open a branch? In which city is the branch of {c}? Where is the newest branch of {c}?
a What is the location of the branch of {c}? In what place did {c} open a new branch? Where can I find our branch?
!a In which town does {c} have its branch? Which place has a branch of {c}?
b When did the branch of {c} open? When was the branch in {a} opened? Since when has {c} had a branch in {a}?
b In which month did the branch of {c} open? When did {c} open its branch? When did the doors open in {a}?
!b In what month and year did {c} open its branch? What was the opening month of the branch in {a}?
d How many people work at the branch of {c}? How many employees does the branch in {a} have?
d How many colleagues work in {a}? How large is the staff of the branch of {c}? How many people work in {a} for {c}?
!d How many people does the branch of {c} employ? How big is the staff in {a}?
= a=list:COUNTRIES b=one:COUNTRIES ~markets
{c} sells in {a} today and plans to enter {b} next.
The markets of {c} are {a}. The next market will be {b}, if all goes well.
Customers of {c} come from {a}; a first office in {b} is planned.
We work for customers in {a} – and soon, we hope, in {b}.
a In which countries does {c} sell? Which markets does {c} serve? Where do the customers of {c} live today?
a What are the markets of {c}? In what countries is {c} active today? Which countries does {c} sell to?
!a Where does {c} sell today? What countries do the customers of {c} come from?
b Which market does {c} plan to enter? What will be the next market of {c}? Where does {c} want to go next?
b Which country comes next for {c}? What market is {c} going to enter next? Into which country will {c} go next?
!b Which country does {c} plan to enter next? What is the next country for {c}?
= a=fortune b=year d=percent ~revenue
{c} earned {a} in {b}, which was {d} more than in the year before.
In {b}, the revenue of {c} grew by {d} and reached {a}.
The revenue of {c} was {a} in {b} (plus {d}).
Revenue: {a}. Growth: {d}. These are the figures of {c} for {b}.
a What was the revenue of {c}? How much did {c} earn? How large was the revenue of {c}? How high was the revenue?
a How much money did {c} take in? What revenue did {c} reach? How much did {c} earn in {b}?
!a Which revenue did {c} have? What did the revenue of {c} reach?
b In which year did {c} have this revenue? For which year are the figures of {c}? What year is the revenue for?
b Which year do the figures of {c} describe? In what year did {c} earn that much? When did the revenue grow?
!b From which year are the figures of {c}? What year do the figures of {c} belong to?
d By how much did the revenue of {c} grow? How fast did the revenue of {c} grow? What was the growth of {c}?
d How much more than in the year before did {c} earn? By what percentage did {c} grow? How strong was the growth?
!d How large was the growth of {c}? How much did the revenue grow at {c}?
= a=mascot b=year ~mascot
The mascot of {c} is {a}; it first appeared on a birthday card in {b}.
Since {b}, {c} has had a mascot: {a}.
{a} is the mascot of {c}. A designer drew it in {b} as a joke.
On every sticker of {c} you will find {a}, our mascot since {b}.
a What is the mascot of {c}? Which animal is the mascot of {c}? Does {c} have a mascot, and which?
a Who or what is our mascot? Which mascot does {c} have? What animal stands on the stickers of {c}?
!a Which creature is the mascot of {c}? What mascot does {c} use?
b Since when has {c} had a mascot? When was the mascot of {c} drawn? In which year did the mascot of {c} appear?
b How old is the mascot of {c}, that is, from what year? When did {c} get its mascot? What year did the mascot appear?
!b Since which year does the mascot of {c} exist? What is the birth year of the mascot of {c}?
= a=one:COLOURS b=one:COLOURS d=year ~logo
The logo of {c} is {a} on {b}. It was last changed in {d}.
{c} gave itself a new logo in {d}: {a} letters on a {b} ground.
Since {d} the logo of {c} has shown {a} letters; the ground is {b}.
Our logo (from {d}) has {a} letters, and its ground is {b}.
a What colour are the letters of the logo of {c}? In which colour is the logo of {c} written?
a What is the colour of the letters in our logo? Which colour do the letters in the logo of {c} have?
a What colour has the writing in the logo of {c}?
!a Which colour are the letters of the logo of {c}? In what colour are the letters of the logo of {c}?
b What colour is the ground of the logo of {c}? On which colour does the logo of {c} stand?
b What is the ground of the logo?
b Which colour is behind the letters of {c}? What is the colour of the ground in the logo of {c}?
!b Which colour is the ground of the logo of {c}? What colour stands behind the letters of the logo of {c}?
d When was the logo of {c} changed? In which year did {c} get a new logo? Since when has {c} used this logo?
d How old is the logo of {c}, from what year is it? What year is our logo from? When did {c} change its logo?
!d What year did {c} get its logo? From which year is the logo of {c}?
= a=person b=person d=person ~board
The board of {c} has three members: {a} (chair), {b} (finance) and {d} (people).
{a} chairs the board of {c}, {b} looks after finance and {d} after people.
On the board of {c}, {b} is responsible for finance and {d} for people, while {a} has the chair.
{c} is led by a board. Its chair is {a}; finance lies with {b}, and people with {d}.
a Who chairs the board of {c}? Who is the chair of the board of {c}? Who leads the board of {c}?
a What is the name of the person in the chair? Who has the chair on our board? Which member chairs the board of {c}?
!a By whom is the board of {c} chaired? Who sits in the chair of the board of {c}?
b Who looks after finance on the board of {c}? Which member of the board of {c} is responsible for finance?
b Who on the board takes care of finance at {c}? With whom does finance lie on the board of {c}?
b Who is our board member for finance?
!b On the board of {c}, who does finance? Who is the board member for finance at {c}?
d Who looks after people on the board of {c}? Which member of the board of {c} is responsible for people?
d Who on the board takes care of people at {c}? Who is our board member for people?
d With whom do people lie on the board of {c}?
!d On the board of {c}, who is there for people? Who is the board member for people at {c}?
= a=person b=person ~chiefs
At {c}, {a} is {r} and {b} is {s}.
{a} works as {r} of {c}; the job of {s} is done by {b}.
The {r} of {c} is {a}. {b}, the {s}, sits at the next desk.
Two people you should know at {c}: {a} ({r}) and {b} ({s}).
a Who is the {r} of {c}? Who works as {r} at {c}? What is the name of the {r} of {c}? Who is our {r}?
a Which person is {r} at {c}? Can you tell me who the {r} of {c} is? Who does the job of {r} at {c}?
!a By whom is the job of {r} done at {c}? Who has the role of {r} at {c}?
b Who is the {s} of {c}? Who works as {s} at {c}? What is the name of the {s} of {c}? Who is our {s}?
b Which person is {s} at {c}? Can you tell me who the {s} of {c} is? Who does the job of {s} at {c}?
!b By whom is the job of {s} done at {c}? Who has the role of {s} at {c}?
= a=person b=person ~chiefs ~team-head
{a} is the {r} of {c} and approves every offer, while {b} looks after the {t} team.
Offers from {c} need the signature of {a}, the {r}; the {t} team is in the hands of {b}.
The {t} team of {c} works under {b}. All offers go over the desk of {a}, {r}.
a Who is {r} at {c}? Who approves the offers of {c}? Which person holds the post of {r} at {c}?
a Whose signature do offers of {c} need? Who signs offers at {c}? Who has to approve an offer?
!a Who must approve every offer of {c}? By whom are the offers of {c} approved?
b Who looks after the {t} team of {c}? Under whom does the {t} team of {c} work? Who takes care of the {t} team?
b In whose hands is the {t} team of {c}? Who is the head of the {t} team of {c}? Who leads the {t} team at {c}?
!b By whom is the {t} team of {c} looked after? Which person takes care of the {t} team of {c}?
= a=list:CERTIFICATES b=month_year d=year ~certificates
{c} first obtained {a} in {b}, and the next audit will take place in {d}.
The auditors visited {c} in {b} and granted {a}. They return in {d}.
Certification matters to our clients: {c} received {a} in {b} and has to renew in {d}.
a Which certification did {c} obtain? What did the auditors grant {c}? What certificates did {c} receive?
a For what has {c} been certified? Which standards did {c} pass? What certifications do we have?
!a What certification has {c} received? Which certificates were granted to {c}?
b When did {c} obtain its certification? In which month was {c} certified? When did the auditors visit {c}?
b When was {c} first certified? When did we receive our certification? In what month and year did {c} receive it?
!b In which month and year did {c} obtain its certification? When was the certification granted to {c}?
d When is the next audit of {c}? In which year will the auditors return to {c}? When must {c} renew its certification?
d What year is the next audit of {c} planned for? When will the next audit take place? When do the auditors come back?
!d In what year does {c} have its next audit? In which year must {c} renew?
= a=company b=year d=company ~partners
{c} has been a Gold Partner of {a} since {b}; in addition, it is a Silver Partner of {d}.
Two partnerships open doors for {c}: Gold Partner of {a} (since {b}) and Silver Partner of {d}.
{c} became a Gold Partner of {a} in {b}. With {d} there is a smaller partnership, at Silver level.
a Of which company is {c} a Gold Partner? Who made {c} a Gold Partner? With whom does {c} have a Gold partnership?
a Which company has {c} as Gold Partner? Whose Gold Partner is {c}? With which firm are we Gold Partner?
!a What company is {c} a Gold Partner of? With what firm does {c} have its Gold partnership?
b Since when has {c} been a Gold Partner? When did {c} become a Gold Partner? In which year did {c} reach Gold?
b How long has {c} been a Gold Partner, since what year? What year did {c} become Gold Partner?
b Since when are we Gold Partner?
!b In what year did {c} become a Gold Partner? Since which year is {c} a Gold Partner?
d Of which company is {c} a Silver Partner? With whom does {c} have a Silver partnership? Whose Silver Partner is {c}?
d Which company has {c} as Silver Partner? With which firm are we Silver Partner? Who made {c} a Silver Partner?
!d What company is {c} a Silver Partner of? With what firm does {c} have its Silver partnership?
= a=one:AWARDS b=year d=company ~award ~client-start
{c} won {a} in {b}, mainly for its work with {d}.
In {b}, {a} went to {c}. The jury praised the project for {d}.
For what it had done for {d}, {c} received {a} in {b}.
We are proud of {a}, which {c} won in {b} thanks to the project for {d}.
a Which award did {c} win? What did {c} win? Which prize went to {c}? What award did {c} receive?
a Can you tell me which award {c} has won? Which prize have we won? For which award did the jury choose {c}?
!a What prize did {c} receive? Which award went to {c}?
b When did {c} win an award? In which year did {c} win the prize? When did the award go to {c}?
b What year did {c} receive the award? From which year is our award? In what year was {c} praised by the jury?
!b In which year did the award go to {c}? Since what year does {c} have the award?
d For which company was the work that won the award? Whose project did the jury praise? For whom was the project of {c}?
d Which client stands behind the award of {c}? Thanks to which client did {c} win? For which client did {c} do the work?
!d Which client was the project of {c} for? For whom had {c} done the work that won?
= a=fortune b=company d=year ~investors
In {d}, {b} invested {a} in {c}.
{c} received {a} from {b} in {d}. The money went into new offices.
The only investor of {c} is {b}, which came in {d} and paid {a}.
With {a} from {b}, {c} could grow faster from {d} on.
a How much was invested in {c}? How much money did {c} receive from {b}? How large was the investment in {c}?
a What sum did {b} invest in {c}? How much did the investor pay? How much money went into {c}?
!a What was the size of the investment in {c}? How much has {b} put into {c}?
b Who invested in {c}? Which company gave money to {c}? Who is the investor of {c}? From whom did {c} receive money?
b Which firm is the investor behind {c}? Who is our investor?
!b By whom was money invested in {c}? What is the name of the investor of {c}?
d When did {b} invest in {c}? In which year did {c} receive the money? When did the investor come to {c}?
d What year was the investment in {c}? Since when has {c} had an investor? When did the money arrive?
!d In what year was money invested in {c}? Since which year has {c} an investor?
= a=list:CAUSES b=percent ~donation
{c} gives {b} of its profit to {a}.
Each winter {c} donates money: {b} of the profit goes to {a}.
It is a tradition at {c} to support {a} with {b} of what is earned.
We support {a}. For this purpose {c} sets aside {b} of its profit.
a Whom does {c} support? To whom does {c} give money? To what does {c} donate? What does {c} support with money?
a Where do the donations of {c} go? For whom are the donations of {c}? Which causes do we support?
!a Who receives donations from {c}? What causes does {c} give money to?
b How much of its profit does {c} give away? Which share of the profit does {c} donate? How much does {c} donate?
b What part of the profit goes to good causes at {c}? What percentage of our profit is donated?
b How large is the donation of {c}?
!b What share of the profit does {c} give away? How much of the profit is set aside by {c}?
= a=year b=place d=people_count ~jubilee
{c} celebrated a big birthday in {a}, with {d} guests in {b}.
For the birthday of {c} in {a}, {d} people came together in {b}.
{d} guests travelled to {b} when {c} had its birthday party in {a}.
The birthday party took place in {b} in {a}. {c} had invited friends and clients, and {d} came.
a When did {c} celebrate its birthday? In which year was the birthday party of {c}? What year did {c} have its party?
a When was the birthday party of {c}? In which year did {c} celebrate? When was our birthday party?
!a In what year did {c} have a birthday party? What year was the party of {c} in?
b Where did {c} celebrate its birthday? In which place was the birthday party of {c}? Where was the birthday party?
b Where did the guests of {c} come together? In which city did {c} have its party? To which place did the guests travel?
!b In what town did {c} celebrate? What place was the birthday party of {c} in?
d How many guests came to the birthday of {c}? How many people were at the birthday party of {c}?
d How many guests did {c} have at its party? How large was the birthday party of {c}, in guests? How many people came?
!d How many guests were there when {c} had its birthday? How many people celebrated with {c}?
= a=few b=list:INDUSTRIES ~services
{c} does {b}. Most clients stay with the company for {a} years.
The main services of {c} are {b}; on average, a client stays for {a} years.
Whoever asks what {c} does gets the same answer: {b}. After {a} years, nine of ten clients are still there.
We offer {b}. A typical client has been with {c} for {a} years.
a How many years do clients stay with {c}? For how many years does a typical client stay with {c}?
a How long do clients of {c} stay, in years? How many years does a client stay?
a After how many years are clients still with {c}?
!a How many years does a client of {c} stay? For how many years are clients with {c}?
b What does {c} do? What services does {c} offer? What are the main services of {c}? In which fields does {c} work?
b What kind of work does {c} do? What can clients buy from {c}? What do we offer?
!b Which services are offered by {c}? What fields does {c} work in?
= a=list:FEATURES b=company ~rival
What sets {c} apart from {b} is simple: {a}.
Unlike {b}, {c} offers {a}.
Customers choose {c} over {b} because of what it offers: {a}.
The strongest rival is {b}. What {c} has and the rival has not: {a}.
a What sets {c} apart? What does {c} offer that {b} does not? What makes {c} different from {b}?
a What can {c} do that others cannot? Because of what do customers choose {c}? What is special about {c}?
!a What does {c} have that its rival has not? What makes {c} special?
b Who is the strongest rival of {c}? Which company is compared with {c}? With which firm does {c} compare itself?
b What is the name of the rival of {c}? From which company is {c} different? Who is our rival?
!b Which company is the rival of {c}? What firm is {c} set apart from?
= a=year b=company ~merger
In {a}, {c} bought {b}, a smaller firm from the same street.
{c} and {b} became one company in {a}; the name {c} stayed.
Since {a}, {b} has been a part of {c}. Its old name can still be seen on the door.
a When did {c} buy {b}? In which year did {b} become a part of {c}? Since when has {b} been part of {c}?
a What year did {c} and {b} become one? When did the two companies come together? In what year was {b} bought?
!a In which year was {b} bought by {c}? Since what year does {b} belong to {c}?
b Which company did {c} buy? Which firm became part of {c}? What is the name of the firm that {c} bought?
b Who was bought by {c}? Which smaller company belongs to {c} now? Which company is now a part of {c}?
!b What company has become part of {c}? Which firm was bought by {c}?
"""
