-- by hand: 30, then 20: ids 2 and 3 tie at 20, the smaller key is kept and one more ties
select id, v from marks order by v desc nulls last, id limit 3;
select id, v from marks order by v nulls last, id limit 2;
-- by hand: a 30; b 15; c null (its only row); no group 7
-- by hand: branch 1000+300+20000+400=21700, online 5000+999.99+10=6009.99, others: mobile 120+45.25+250+60+60+75+12.34=622.59, pos 80.5-80.5+640=640, none 70.20: 1332.79
-- by hand: an order may name more expressions: 4 (30), then 3 before 2 at 20; 2 does not tie because ids differ
select id from marks where false;
select 2 as n;
