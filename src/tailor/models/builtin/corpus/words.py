"""Ordinary English vocabulary by class, as space-separated lists (multi-word entries use an underscore)."""

from __future__ import annotations


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


# Plural nouns that a person or team can handle: documents and office things.
PAPERS = _split("""invoices reports contracts tickets forms letters orders receipts drafts notes requests
applications budgets surveys certificates schedules plans proposals records bills questions complaints
reviews updates passwords licences backups backup_files log_files accounts bookings samples catalogues
brochures manuals articles translations recordings photos drawings designs maps menus posters tests
reports_on_safety bug_reports release_notes timesheets expense_claims sick_notes job_offers purchase_orders
travel_requests payslips offer_letters job_descriptions feature_requests pull_requests support_tickets
refund_requests meeting_notes test_results training_records invitations newsletters presentations slides
spreadsheets agreements policies guidelines checklists warnings permits visas statements quotes estimates
deadlines meetings interviews workshops audits inspections visits deliveries payments refunds tasks changes
repairs new_releases security_alerts customer_calls web_pages databases servers mobile_apps""")
GOODS = _split("""parcels boxes chairs desks tables lamps laptops phones keyboards monitors headsets cables
printers batteries bottles cups plates knives spoons towels blankets pillows curtains carpets shelves doors
windows bricks tiles pipes screws nails ropes ladders buckets brushes hammers drills bicycles trucks buses
boats engines wheels tyres tools machines cameras radios clocks watches lamps books newspapers toys puzzles
games tickets_for_the_show coats jackets shirts shoes boots socks hats gloves scarves umbrellas bags
suitcases tents uniforms medicines masks candles soaps instruments guitars pianos drums paintings statues
coins stamps keys badges helmets sensors routers tablets projectors whiteboards microphones speakers screens
old_computers spare_parts office_chairs coffee_machines security_badges travel_cards gift_cards desk_lamps
meeting_rooms parking_spaces lockers""")
FOODS = _split("""apples pears plums cherries grapes lemons oranges bananas peaches berries carrots onions
potatoes tomatoes peppers beans mushrooms cabbages pumpkins eggs cheeses loaves cakes pies biscuits pancakes
sandwiches salads soups noodles pizzas sausages herrings olives nuts almonds walnuts honey_jars jam_jars
tea_bags coffee_beans lunch_boxes rice_bowls fish_cakes fruit_baskets""")
PEOPLE = _split("""customers visitors guests students pupils teachers parents children neighbours tourists
patients nurses doctors farmers drivers engineers developers designers testers managers contractors
freelancers suppliers partners investors lawyers accountants auditors interns volunteers members employees
colleagues new_hires applicants candidates trainees remote_workers part-time_workers team_leaders
board_members shop_owners musicians actors writers painters gardeners cooks waiters bakers butchers sailors
fishermen pilots builders plumbers electricians carpenters mechanics cleaners guards librarians scientists
researchers journalists photographers""")
ANIMALS = _split("""horses cows sheep goats pigs hens ducks geese rabbits dogs cats swans owls eagles
sparrows foxes wolves bears deer otters beavers bees turtles frogs snakes trout salmon seals dolphins
donkeys ponies squirrels""")
NATURE = _split("""trees roses tulips hedges seeds bushes flowers weeds lawns fields gardens orchards
vineyards ponds paths fences bridges walls roads tracks meadows herbs vegetables oak_trees apple_trees""")
ADJECTIVES = _split("""new old small large broken clean blue red green yellow white black brown grey silver
heavy light cheap expensive urgent late early quarterly annual monthly weekly daily internal external public
private confidential final first second missing damaged important difficult simple long short open closed
signed unpaid overdue foreign local fresh ripe dried frozen cold warm hot sweet salty wooden metal plastic
glass paper leather cotton electric digital printed handwritten young tired busy friendly quiet loud honest
careful famous wild tame strong weak tall empty full spare used rare common round square narrow wide soft
hard smooth rough sharp pretty plain modern ancient temporary permanent technical legal financial medical
optional mandatory standard special regular extra recent outdated incoming outgoing approved pending
rejected unread sealed""")
PEOPLE_ADJECTIVES = _split("""new young old tired busy friendly quiet loud honest careful famous strong
foreign local remote temporary permanent senior junior former future experienced curious patient polite
proud brave happy worried""")
PAPER_ADJECTIVES = _split("""new old urgent late early quarterly annual monthly weekly daily internal
external public private confidential final first second missing important difficult simple long short open
closed signed unpaid overdue printed handwritten modern technical legal financial medical optional mandatory
standard special regular extra recent outdated incoming outgoing approved pending rejected unread""")
TEAMS = _split("""support sales marketing finance legal security design product data research quality hiring
people payroll operations delivery infrastructure platform mobile testing billing training travel purchasing
facilities engineering compliance communications partnership release documentation accessibility logistics
night repair customer onboarding growth web analytics editorial events""")
ROLES = _split("""office_manager head_of_design head_of_sales product_manager project_manager
chief_accountant data_engineer software_developer security_officer personnel_manager team_lead
finance_director sales_director support_engineer scrum_master technical_writer quality_engineer
marketing_manager legal_adviser travel_coordinator chief_executive managing_director
chief_technology_officer chief_financial_officer recruiter receptionist librarian caretaker nurse
head_teacher captain chef gardener mechanic night_guard tour_guide data_protection_officer
accessibility_lead office_assistant training_manager account_manager system_administrator UX_designer
copywriter business_analyst delivery_manager backend_developer frontend_developer senior_architect
people_partner community_manager head_of_marketing head_of_engineering head_of_support operations_manager
payroll_specialist customer_success_manager research_scientist project_assistant""")
PLACES_IN = _split("""in_the_kitchen in_the_garden in_the_library in_the_main_hall in_the_warehouse
in_the_cellar in_the_attic in_the_workshop in_the_laboratory in_the_classroom in_the_storage_room
in_the_meeting_room in_the_old_barn in_the_car_park in_the_town_hall in_the_archive in_the_server_room
in_the_shared_folder in_the_market_square at_the_front_desk at_the_harbour at_the_station at_the_airport
at_the_north_gate at_the_bus_stop at_the_school on_the_second_floor on_the_ground_floor on_the_roof
on_the_company_website on_the_intranet on_the_notice_board on_the_island on_the_top_shelf near_the_river
near_the_bridge near_the_lake near_the_church behind_the_factory behind_the_school beside_the_road
under_the_stairs next_to_the_lift in_the_cloud_portal in_the_staff_portal in_the_blue_cabinet
in_the_ticket_system in_a_rented_studio in_a_small_village in_the_forest in_the_valley at_the_head_office
in_the_web_shop in_the_project_channel in_the_help_centre""")
MANNERS = _split("""by_e-mail by_phone by_post by_train by_boat by_bicycle by_hand by_courier
by_bank_transfer by_credit_card in_writing in_person in_pairs in_small_groups in_cash in_plain_English
in_three_languages with_great_care with_a_long_brush with_a_red_pen with_a_new_tool
with_the_help_of_volunteers with_a_signed_form with_a_special_key without_any_help without_a_permit
through_the_online_form through_the_staff_portal through_a_local_agent via_the_mobile_app via_a_secure_link
in_alphabetical_order using_a_shared_calendar using_two-factor_login over_video_call with_an_old_camera
by_text_message on_foot on_horseback in_a_locked_box in_blue_folders""")
REASONS = _split("""because_the_roof_leaks because_the_old_ones_are_too_slow because_the_law_requires_it
because_winter_is_coming because_prices_are_rising because_customers_asked_for_it
because_the_office_is_closing because_the_server_is_full because_the_road_is_blocked
because_the_weather_is_bad because_the_contract_ends_soon because_the_budget_is_small
because_many_guests_are_expected because_the_printer_is_broken because_the_staff_is_on_holiday to_save_money
to_save_time to_avoid_delays to_protect_the_environment to_keep_the_data_safe to_reduce_waste
to_meet_the_deadline to_help_new_colleagues to_prevent_accidents to_improve_quality to_pay_for_the_repairs
to_prepare_for_the_audit to_win_new_customers to_keep_the_building_warm to_learn_from_mistakes
to_make_room_for_a_café to_stay_healthy to_support_local_farmers to_reach_more_people""")
FREQUENCIES = _split("""every_day every_week every_month every_year every_Monday every_second_Friday
every_quarter once_a_week once_a_month once_a_year twice_a_day twice_a_week twice_a_month twice_a_year
three_times_a_year three_times_a_week every_two_weeks every_three_months every_six_months every_hour
every_ten_minutes four_times_a_day on_weekdays at_weekends once_per_quarter""")
MATERIALS = _split(
    "oak steel glass copper cotton wool leather paper plastic stone marble silk clay brass bamboo rubber"
)
COLOURS = _split("""red blue green yellow white black brown grey orange purple pink silver golden turquoise
dark_blue light_green pale_yellow dark_red sky_blue cream""")
LANGUAGES = _split("""English French German Spanish Italian Portuguese Dutch Polish Czech Serbian Croatian
Turkish Arabic Hindi Japanese Korean Chinese Swedish Norwegian Danish Finnish Greek Hungarian Romanian
Ukrainian Swahili""")
COUNTRIES = _split("""France Germany Spain Italy Portugal Poland Austria Norway Sweden Denmark Finland
Ireland Greece Turkey Egypt Kenya Nigeria India Japan China Korea Canada Brazil Chile Peru Mexico Serbia
Croatia Slovenia Hungary Romania Bulgaria Belgium Switzerland Iceland Estonia Latvia Lithuania Morocco
Vietnam Thailand Indonesia Australia the_Netherlands the_United_States the_United_Kingdom New_Zealand
South_Africa""")
HOBBIES = _split("""playing_chess baking_bread growing_roses climbing_rocks rowing swimming painting_boats
collecting_stamps repairing_clocks singing_in_a_choir long-distance_running watching_birds knitting_socks
flying_kites carving_wood keeping_bees cooking_soup writing_poems playing_the_violin playing_the_drums
table_tennis horse_riding making_pottery building_model_trains star_gazing picking_mushrooms folk_dancing
mountain_biking street_photography reading_old_maps""")
INDUSTRIES = _split("""online_payments farm_machines school_software medical_imaging bicycle_rental
cloud_storage travel_booking video_games translation_services solar_energy water_cleaning office_furniture
parcel_delivery sports_clothing digital_maps insurance_software web_accessibility children's_books pet_food
home_security electric_boats event_tickets language_courses data_analysis mobile_banking organic_food
museum_guides warehouse_robots hearing_aids weather_forecasts customer_support_software e-learning
payroll_services identity_checks web_hosting game_design recruiting_software document_scanning car_sharing""")
VALUES = _split("""honesty curiosity kindness respect courage patience openness teamwork trust simplicity
quality fairness care creativity learning transparency ownership humour accuracy sustainability inclusion
responsibility craftsmanship empathy focus speed safety generosity""")
BENEFITS = _split("""a_gym_card a_transport_ticket free_lunch private_health_insurance a_language_course
a_training_budget a_pension_plan a_home_office_allowance a_birthday_day_off flexible_hours a_company_phone
free_fruit_and_coffee a_book_budget a_bicycle_allowance stock_options childcare_support meal_vouchers
a_laptop_of_choice paid_volunteer_days a_yearly_bonus an_internet_allowance dental_insurance""")
FEATURES = _split("""offline_mode dark_mode voice_control automatic_backups two-factor_login live_chat
a_built-in_calculator calendar_export fingerprint_login shared_folders spell_checking real-time_alerts
screen-reader_support keyboard_shortcuts a_night_light a_removable_battery time_tracking single_sign-on
custom_reports file_encryption an_emergency_button image_search team_calendars end-to-end_encryption
solar_charging automatic_translation""")
CERTIFICATES = _split("""ISO_27001 ISO_9001 SOC_2 ISO_14001 PCI_DSS Cyber_Essentials B_Corp ISO_22301 HIPAA
ISO_13485 the_Green_Office_label the_Fair_Work_label TISAX WCAG_2.1_AA""")
TOOLS = _split("""Python Java Rust React Kubernetes PostgreSQL Figma Slack Jira GitHub Excel Terraform
Docker Kotlin Swift TypeScript Angular Linux Redis Kafka Grafana Notion Zoom Teams Confluence Django Go Vue""")
EVENTS = _split("""summer_party spring_fair autumn_conference book_festival music_night charity_run
winter_market science_day open_day design_week film_evening team_retreat annual_meeting hack_week
flower_show chess_tournament career_day town_festival wine_tasting safety_training product_launch
sailing_race press_conference kick-off_meeting quarterly_review language_exchange""")
HOLIDAYS = _split("""Christmas_Eve New_Year's_Day Easter_Monday Labour_Day Independence_Day Midsummer
Thanksgiving Orthodox_Christmas the_Lunar_New_Year Constitution_Day Boxing_Day All_Saints'_Day Diwali Eid""")
ADVERBS = _split("""usually always often normally quickly slowly carefully quietly proudly happily gladly
secretly personally regularly carefully mostly sometimes rarely also still""")
FILLERS = tuple(
    line.strip()
    for line in """
    Please read this page carefully before you start.
    Everyone is welcome to suggest improvements.
    The weather was mild and the streets were busy.
    This page was last checked by a colleague.
    More details can be found further below.
    Nothing else has changed since then.
    Some people prefer a quiet place to think.
    We believe that good work needs time and trust.
    If anything is unclear, simply ask.
    The rest is described in another chapter.
    It had been a long and interesting year.
    Small steps often lead to great results.
    Many visitors enjoy the view from the hill.
    These rules help us to work well together.
    A short walk after lunch does everybody good.
    There is always something new to learn.
    The old building has thick walls and small windows.
    We like clear words and short meetings.
    Take your time and ask for help when you need it.
    Our door is open, even when we work remotely.
    """.strip().splitlines()
)
MOMENTS = _split("""before_noon after_lunch at_midnight in_spring in_summer in_winter at_the_end_of_the_month
before_the_meeting after_the_training at_noon on_the_first_day during_the_holidays in_autumn
at_the_start_of_the_year""")
NUMBER_WORDS = _split("""zero one two three four five six seven eight nine ten eleven twelve thirteen
fourteen fifteen sixteen seventeen eighteen nineteen twenty""")
MONTHS = _split("January February March April May June July August September October November December")
DAYS = _split("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
# Lists for the prose of handbooks (`prose_*.py`); appended so that the world drawn from the lists above stays
# as it is.
PLAN_NAMES = _split("""Basic Starter Team Business Premium Family Student Gold Silver Enterprise Pro Plus Standard
Growth Solo School Bronze Compact Complete Essential Advanced Light""")
STEPS = _split("""a_phone_call a_written_test a_video_interview a_small_task a_trial_day a_talk_with_the_team
a_code_exercise a_meeting_with_the_founder a_reference_check a_portfolio_review a_group_discussion
a_lunch_with_the_team
a_personality_test a_presentation""")
CAUSES = _split("""animal_shelters rural_schools a_children's_hospital clean_rivers free_software refugees
local_libraries
young_musicians food_banks tree_planting blind_students sea_rescue a_village_fire_brigade coding_clubs_for_girls""")
DISHES = _split("""vegetable_soup fish_and_chips lentil_curry mushroom_pie pancakes pumpkin_risotto bean_stew
pasta_bake
grilled_cheese potato_salad fried_rice baked_salmon apple_cake spinach_lasagne""")
CHAT_TOOLS = _split("Slack Teams Matrix Mattermost Signal Discord Element Rocket.Chat Webex Telegram Threema Jabber")
FACTORS = _split("""a_fingerprint a_text_message_code an_authenticator_app a_security_token a_smart_card a_face_scan
a_printed_code_list a_one-time_password a_USB_key""")
METHODS = _split("""bank_transfer credit_card direct_debit cheque cash debit_card standing_order gift_card
mobile_payment
money_order""")
DEVICES = _split("""a_laptop a_second_monitor a_headset a_standing_desk an_office_chair a_mobile_phone a_keyboard
a_docking_station a_webcam a_desk_lamp a_backpack a_mouse a_tablet""")
RESULTS = _split("""fewer_late_orders shorter_queues a_faster_checkout lower_energy_bills happier_customers
fewer_errors
shorter_waiting_times fewer_phone_calls less_paper higher_sales more_returning_guests quicker_repairs
better_forecasts fewer_lost_parcels""")
BUILDS = _split("""a_booking_system a_mobile_app an_online_shop a_customer_portal a_stock_system a_website
a_route_planner
a_payment_page a_ticket_machine a_learning_platform a_reporting_tool a_search_engine a_loyalty_programme
a_chat_assistant
a_price_calculator a_digital_archive an_appointment_calendar a_sensor_network""")
FORMATS = _split("PDF CSV Excel JSON XML Word PNG SVG HTML plain_text Markdown")
SYSTEMS = _split("Windows macOS Linux Android iOS ChromeOS Ubuntu")
AWARDS = _split("""the_Best_Employer_award the_Green_Business_award the_Young_Company_prize the_Golden_Compass
the_Regional_Innovation_prize the_Design_of_the_Year_award the_Customer_Choice_award the_Fair_Pay_prize
the_Silver_Gear the_Open_Web_award the_Family-Friendly_Workplace_award""")
ORIGINS = _split("""a_river_near_the_first_office the_street_of_the_first_office the_founder's_grandmother
an_old_sailing_boat
a_star_in_the_northern_sky the_Latin_word_for_bridge a_favourite_childhood_book the_dog_of_the_founder
a_mountain_that_the_founders_climbed a_misspelt_word a_café_that_no_longer_exists a_song_from_the_sixties""")
PROOFS = _split("""a_sick_note the_receipt a_copy_of_the_bill the_boarding_pass a_signed_form a_photo_of_the_damage
a_police_report an_order_number a_student_card a_doctor's_letter the_original_box""")
CLASSES = _split("""economy_class second-class_carriages night_trains shared_taxis budget_airlines direct_flights
regional_trains hired_bicycles electric_cars""")
MEETINGS = _split("""all-hands_meeting Monday_breakfast demo_afternoon quarterly_review design_critique town_hall
planning_session budget_round stand-up_meeting book_club show-and-tell sales_call""")
HABITS = _split("""ringing_a_ship's_bell lighting_a_candle singing_a_song eating_cake planting_a_tree
writing_a_postcard
wearing_odd_socks sharing_a_photo clapping_three_times signing_the_kitchen_wall telling_a_joke
passing_on_a_wooden_spoon""")
HIGH_POINTS = _split("""a_walk_in_the_mountains a_boat_trip a_cooking_evening a_quiz a_treasure_hunt a_football_match
a_night_at_the_theatre a_visit_to_a_farm a_pottery_class a_concert a_bicycle_tour a_barbecue""")
EXTRAS = _split("""express_delivery weekend_work on-site_visits extra_storage data_import a_second_language
printed_manuals staff_training phone_support gift_wrapping an_additional_user a_dedicated_server""")
GROUPS = _split("""students charities schools pensioners start-ups hospitals libraries families returning_customers
public_authorities sports_clubs museums""")
SKILLS_WANTED = _split("""patience clear_writing good_listening a_driving_licence three_years_of_experience
fluent_English
a_degree_in_design basic_accounting attention_to_detail an_eye_for_colour a_first-aid_certificate""")
INCIDENTS = _split("""a_lost_badge a_suspicious_e-mail a_stolen_phone a_strange_login a_broken_lock a_data_leak
a_forgotten_password a_wrong_recipient a_virus_warning a_missing_folder""")
HABITATS = _split("""in_the_hall on_the_top_floor behind_the_reception next_to_the_kitchen in_the_basement
opposite_the_lift near_the_main_entrance in_the_courtyard on_the_roof_terrace beside_the_library""")
NOTHINGS = _split("""none,_everyone_works_remotely none_at_all,_only_phone_support no_fixed_ones,_only_agreed_ones
none,_since_the_office_is_always_open just_one,_on_the_ground_floor nothing_but_a_simple_handshake
only_in_writing,_never_by_phone not_before_the_first_review yes,_but_only_with_a_helmet""")
