-- A hash and a sorted table in memory; the session stays.
set work_mem = '128MB';
begin;
declare c cursor for select a.g, b.t from generate_series(1, 300000) a(g)
	join (select g, md5(g::text) t from generate_series(1, 300000) g offset 0) b on a.g = b.g order by b.t;
fetch 10 from c;
select pg_sleep(600);
