"""Bad input and faults: each has a test, each ends with a clear message and nothing half-written.

=============================================  ====================================================
what goes wrong                                where it is tried
=============================================  ====================================================
wrong encoding                                 faults/test_lists: …an_encoding_that_does_not_fit…;
                                               foundation/tabular/test_tables: encoding_is_found…,
                                               wrong_encoding_names_the_row;
                                               web/test_imports: another_encoding_can_be_chosen;
                                               importing/test_imports: wrong_bytes_late_in_the_file
missing columns                                faults/test_lists: …lacks_columns_of_its_mapping…;
                                               importing/test_imports: missing_columns_are_named
names of 300 characters                        faults/test_lists: long_names_bad_phones…;
                                               importing/test_rows: a_missing_or_endless_name…;
                                               customers/test_card: a_name_of_300_characters…
phones of every form                           faults/test_lists: long_names_bad_phones…;
                                               kernel/test_phone; importing/test_rows:
                                               phones_of_every_form_are_read
impossible dates                               faults/test_lists: long_names_bad_phones…;
                                               importing/test_rows: impossible_days_are_refused
formulas in cells                              faults/test_lists: a_formula_in_a_workbook…;
                                               web/test_imports: faulty_rows_come_back…;
                                               foundation/tabular/test_tables:
                                               formulas_do_not_run_in_what_is_written
zip bombs as XLSX                              faults/test_lists: a_workbook_made_to_do_harm…;
                                               foundation/tabular/test_tables: zip_bombs…,
                                               an_archive_that_lies…, an_archive_of_thousands…
a file changed while it is imported            faults/test_lists: a_list_changed_after…;
                                               importing/test_imports: a_file_that_changes…
the same file twice                            faults/test_lists: the_same_list_twice…;
                                               importing/test_imports: the_same_file_twice…
an import killed in the middle                 importing/test_imports: a_killed_import_goes_on…
two browsers on one follow-up                  faults/test_calls: one_follow_up_in_two_browsers…;
                                               browser/test_desk: two_browsers_on_one_follow_up…;
                                               races/test_queue: own_row_in_two_browsers…
a lease that ran out while typing              faults/test_calls: a_lease_that_ran_out…;
                                               browser/test_desk: a_lease_that_ran_out…;
                                               races/test_queue: finishing_while_the_lease…
a campaign stopped during a call               faults/test_calls: a_campaign_stopped…;
                                               races/test_queue: campaign_stopped_during_a_call…
"never again" in the middle of a list          faults/test_calls: never_again…;
                                               races/test_queue: never_again…
the database restarted under load              faults/test_restart
any part of the program killed                 conf/test_supervisor: every_part_that_is_killed…
network lost, page dead, answer lost           browser/test_desk
=============================================  ====================================================
"""
