select type, count(*) filter (channel = 'mobile') mobile, count(*) filter (channel = 'pos') pos, 0 nowhere from transactions group by 1 order by 1;
-- by hand: Q1 120+80.5+1000+45.25+300-80.5+5000 = 6465.25; Q2 250+35.10+60+60+999.99 = 1405.09; Q3 75+10+640+20000+35.10+12.34+400 = 21172.44
-- by hand: the missing value has a column too, the last
-- by hand: two measures for each value
