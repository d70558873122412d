-- by hand: 王伟 has two characters, Zoë three
-- by hand: plain text functions
-- by hand: behind the end is empty; a part that is not there is missing
-- by hand: an error, read by hand
select 0 n;
-- by hand: a missing value stays missing in each
-- by hand: floats print without a point where whole
