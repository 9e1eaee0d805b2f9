-- Roll-ups: sums of an hour and of a day, and how long calls took. '-' stands for none.
create table usage_hour (at timestamptz, team text, app text, model text, tier text, site text, phase text, rule text, calls int8, errors int8,
 denied int8, escalations int8, unpriced int8, estimated int8, input_tokens int8, cached_tokens int8, output_tokens int8, cost numeric,
 learning numeric, baseline numeric, compared numeric, primary key (at, team, app, model, tier, site, phase, rule));
create table usage_day (like usage_hour including all);
create table latency_hour (at timestamptz, model text, tier text, metric text, bucket int2, n int8, primary key (at, model, tier, metric, bucket));
create table latency_day (like latency_hour including all);
create table device_hour (at timestamptz, run int, device text, model text, up_us int8, busy_us int8, tokens int8, best_minute int8, cost numeric,
 attributed numeric, primary key (at, run, device, model));

create function refresh_hour(h timestamptz) returns void language plpgsql as $$
declare e timestamptz := h + interval '1 hour';
begin
 delete from usage_hour where at = h; delete from latency_hour where at = h;
 insert into usage_hour
 with l as (select id, sum(cost) c from attempt where ts >= h and ts < e and role in ('mirror','judge') group by 1),
 r as (select team, app, coalesce(served_model, '-') m, tier, coalesce(site, '-') s, coalesce(phase, '-') p, coalesce(rule, '-') u, 1 n,
   (outcome = 'failed')::int f, (outcome = 'denied')::int d, (escalation is not null)::int x, (cost is null and outcome <> 'denied')::int np,
   estimated::int es, input_tokens i, cached_tokens k, output_tokens o, cost, c, baseline b
  from interaction left join l using (id) where ts >= h and ts < e
  union all select team, app, model, tier, '-', '-', '-', calls, errors, denied, 0, unpriced, 0, input_tokens, cached_tokens, output_tokens,
   cost, null, baseline from usage_delta where ts >= h and ts < e)
 select h, team, app, m, tier, s, p, u, sum(n), sum(f), sum(d), sum(x), sum(np), sum(es), sum(i), sum(k), sum(o), sum(cost), sum(c),
  sum(b) filter (where cost is not null), sum(cost) filter (where b is not null) from r group by 2, 3, 4, 5, 6, 7, 8;
 insert into latency_hour select h, coalesce(served_model, '-'), tier, k, floor(ln(greatest(us, 1)) / ln(2) * 32), count(*)
  from interaction, lateral (values ('latency', latency_us), ('ttft', ttft_us), ('overhead', overhead_us)) m(k, us)
  where ts >= h and ts < e and us is not null group by 2, 3, 4, 5;
end $$;
create function refresh_day(d timestamptz) returns void language plpgsql as $$
declare e timestamptz := d + interval '24 hours';
begin
 delete from usage_day where at = d; delete from latency_day where at = d;
 insert into usage_day select d, team, app, model, tier, site, phase, rule, sum(calls), sum(errors), sum(denied), sum(escalations),
  sum(unpriced), sum(estimated), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(cost), sum(learning), sum(baseline),
  sum(compared) from usage_hour where at >= d and at < e group by 2, 3, 4, 5, 6, 7, 8;
 insert into latency_day select d, model, tier, metric, bucket, sum(n) from latency_hour where at >= d and at < e group by 2, 3, 4, 5;
end $$;
create function refresh_dirty() returns int language plpgsql set search_path = understudy as $$
declare hs timestamptz[];
begin
 perform pg_advisory_xact_lock(hashtext('refresh_dirty'));
 with gone as (delete from rollup_dirty returning hour) select array_agg(distinct hour) into hs from gone;
 perform refresh_hour(h) from unnest(hs) h;
 perform refresh_day(d) from (select distinct date_trunc('day', h, 'UTC') d from unnest(hs) h) x;
 return coalesce(cardinality(hs), 0);
end $$;
