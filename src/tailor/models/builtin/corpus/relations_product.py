"""Relations of products (see relations.py for the notation)."""

PRODUCT = """
= product price fee
{e} costs {v}.
The price of {e} is {v}.
Customers pay {v} for {e}.
You can get {e} for {v}.
{e} is sold at {v}.
? How much does {e} cost?
? What is the price of {e}?
? How much do customers pay for {e}?
? What does {e} cost?
! At what price is {e} sold?
! For how much money can you get {e}?
= product maker company
{e} is made by {v}.
{v} makes {e}.
{e} was developed by {v}.
The company behind {e} is {v}.
? Who makes {e}?
? Which company makes {e}?
? By whom was {e} developed?
! Which company is behind {e}?
! Which firm developed {e}?
= product released date
{e} was released on {v}.
{e} came out on {v}.
The launch of {e} was on {v}.
{v} was the day on which {e} appeared.
? When was {e} released?
? When did {e} come out?
? On which date was {e} released?
! When was the launch of {e}?
= product version version
The current version of {e} is {v}.
{e} is now at version {v}.
Version {v} of {e} is the latest one.
{e} was updated to version {v}.
? What is the current version of {e}?
? Which version of {e} is the latest?
? To which version was {e} updated?
! At which version is {e} now?
! What version does {e} have now?
= product users people_count
{e} has {v} users.
{v} people use {e}.
{e} is used by {v} people.
The number of users of {e} is {v}.
? How many people use {e}?
? How many users does {e} have?
? By how many people is {e} used?
! What is the number of users of {e}?
= product purpose software
{e} is {v}.
{e} was built as {v}.
Think of {e} as {v}.
{e} is known as {v}.
? What is {e}?
? What kind of product is {e}?
? What was {e} built as?
! What sort of thing is {e}?
= product features list:FEATURES
{e} offers {v}.
{e} comes with {v}.
The features of {e} are {v}.
In {e} you will find {v}.
? Which features does {e} offer?
? What does {e} come with?
? What are the features of {e}?
! What will you find in {e}?
= product trial long_time
You can try {e} free of charge for {v}.
The free trial of {e} lasts {v}.
{e} can be tested for {v}.
New users test {e} for {v} without paying.
? How long is the free trial of {e}?
? How long can you try {e} free of charge?
? For how long can {e} be tested?
! How long may new users test {e}?
= product warranty long_time
The warranty on {e} lasts {v}.
{e} has a warranty of {v}.
The guarantee for {e} is {v}.
{e} is repaired free of charge for {v}.
? How long is the warranty on {e}?
? What is the warranty of {e}?
? How long does the guarantee for {e} last?
! For how long is {e} repaired free of charge?
= product owner person
The product owner of {e} is {v}.
{v} is responsible for {e}.
{v} looks after {e}.
{e} is in the hands of {v}.
? Who is responsible for {e}?
? Who is the product owner of {e}?
? Who looks after {e}?
! Which person answers for {e}?
= product weight weight
{e} weighs {v}.
The weight of {e} is {v}.
With its {v}, {e} is easy to move.
On the scale, {e} shows {v}.
? How much does {e} weigh?
? What is the weight of {e}?
? How heavy is {e}?
! What does {e} weigh?
= product colour one:COLOURS
{e} is {v}.
The colour of {e} is {v}.
{e} is painted {v}.
{e} comes in {v}.
? What colour is {e}?
? What is the colour of {e}?
? In which colour does {e} come?
! Which colour does {e} have?
! What colour does {e} come in?
= product material one:MATERIALS
{e} is made of {v}.
The body of {e} is made from {v}.
{v} is the main material of {e}.
{e} consists of {v}.
? What is {e} made of?
? What is the main material of {e}?
? From what is the body of {e} made?
! Of which material is {e}?
! Which material is {e} made of?
= product platform list:TOOLS
{e} works together with {v}.
{e} can be connected to {v}.
{e} can be used with {v}.
{v} can be linked to {e}.
? What does {e} work together with?
? What can {e} be connected to?
? With which tools can {e} be used?
! What can be linked to {e}?
= product written list:TOOLS
{e} is written in {v}.
{e} was built with {v}.
The developers of {e} used {v}.
The technology behind {e} is {v}.
? What is {e} written in?
? What was {e} built with?
? Which technologies did the developers of {e} use?
! Which technology is behind {e}?
= product speed few
{e} makes {v} pieces an hour.
In one hour, {e} produces {v} pieces.
The output of {e} is {v} pieces an hour.
? How many pieces does {e} make an hour?
? How many pieces does {e} produce in one hour?
? How large is the output of {e}?
! What number of pieces does {e} make an hour?
= product code code
The order number of {e} is {v}.
{e} is listed under {v}.
Use the code {v} to order {e}.
In the catalogue, {e} has the number {v}.
? What is the order number of {e}?
? Which code is used to order {e}?
? Under which number is {e} listed?
! What number does {e} have in the catalogue?
"""
