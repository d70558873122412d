-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
select count(*) n from customers where (coalesce(balance > 1, false) and tier = 'gold') or tier = 'silver';
select count(*) n from customers where balance > 1 and (tier = 'gold' or tier = 'silver');
