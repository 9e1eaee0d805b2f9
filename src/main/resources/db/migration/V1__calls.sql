-- Calls, what was tried for them, what was said; and the small tables that people and the gateway edit.
create function uuid_ts(u uuid) returns timestamptz language sql immutable as
$$ select to_timestamp(('x' || translate(left(u::text, 13), '-', ''))::bit(48)::int8 / 1000.0) $$;

-- Append-only, a partition a day. ts is the millisecond in id; attempt, body, verdict have the call's.
create table interaction (
 id uuid, ts timestamptz,
 run int not null, seq int8 not null, -- from 1 per process start
 team text not null, app text not null, key_id uuid, session text not null, subject text,
 api text not null check (api in ('chat', 'responses', 'other')),
 stream bool, model text not null, -- as requested
 site text, site_match text check (site_match in ('exact', 'edited', 'new', 'none')),
 phase text check (phase in ('error_repair', 'final_answer', 'tool_continuation', 'user_turn')),
 kind text check (kind in ('chat', 'decide', 'tool_call', 'classify', 'extract', 'generate', 'answer')),
 tools_hash text, sensitivity text check (sensitivity in ('public', 'internal', 'personal', 'restricted')),
 facts jsonb not null, -- other inputs of rules, reasons, drops
 policy_rev text not null, rule text, action text check (action in ('slm', 'llm', 'cascade', 'shadow', 'deny')),
 basis text check (basis in ('rule', 'gate', 'held_id', 'locked', 'latched', 'forced', 'none')),
 bucket int2, propensity real check (propensity > 0 and propensity <= 1), gate jsonb,
 mirror text check (mirror in ('rule', 'shadow', 'holdback', 'double')), mirror_p real,
 route text check (route in ('direct', 'cascade', 'fallback')), served int2, served_model text,
 tier text not null check (tier in ('slm', 'llm', 'none')), escalation text,
 outcome text not null check (outcome in ('completed', 'client_gone', 'failed', 'denied')),
 status int2 not null, error text, finish text, tool_results jsonb,
 input_tokens int, cached_tokens int, output_tokens int, estimated bool, overhead_us int, ttft_us int, latency_us int,
 cost numeric, baseline numeric, -- null: unpriced
 record text not null check (record in ('none', 'metadata', 'full')), body_p real, shed text,
 purposes int2 not null, -- 1 debug, 2 evaluation, 4 training
 primary key (id, ts)
) partition by range (ts);
create index on interaction using brin (ts);
create index on interaction (team, ts);
create index on interaction (site, ts);
create index on interaction (session, ts);
create index on interaction (subject, ts) where subject is not null;

create table attempt (
 id uuid, ts timestamptz, n int2,
 role text not null check (role in ('serve', 'escalate', 'fallback', 'mirror', 'judge')),
 tier text not null check (tier in ('slm', 'llm')), model text not null, variant text,
 status int2, error text, finish text, start_us int8, queue_us int, ttft_us int, latency_us int,
 input_tokens int, cached_tokens int, output_tokens int, device text, device_us int8, cost numeric,
 min_margin real, accepted bool, verify jsonb, tool_calls jsonb, facts jsonb,
 primary key (id, n, ts)
) partition by range (ts);

create table body (
 id uuid, ts timestamptz, n int2, -- 0 the request, else attempt n's answer
 codec int2 check (codec in (0, 1)), data bytea, -- 0 JSON, 1 zstd
 redaction jsonb,
 primary key (id, n, ts)
) partition by range (ts);

create table outcome (
 id uuid, ts timestamptz, team text not null, session text, call_id uuid,
 source text not null check (source in ('user', 'agent', 'reviewer', 'implicit')),
 metric text not null, value float8, label text, target text, comment text, demonstration jsonb,
 primary key (id, ts)
) partition by range (ts);
create index on outcome (call_id);

create table verdict (
 id uuid, ts timestamptz, n int2, reference_n int2, gate_id uuid, variant text not null, comparator text not null,
 pass bool, -- null: unscorable
 counted bool not null, detail jsonb not null, at timestamptz,
 primary key (at, id, ts)
) partition by range (ts);
create index on verdict (gate_id, at);
create index on verdict (id);

create table usage_delta ( -- sums of calls without a row
 id uuid, ts timestamptz, run int not null,
 why text not null check (why in ('none', 'shed', 'quarantined', 'expired')),
 team text not null, app text not null, model text not null, tier text not null check (tier in ('slm', 'llm', 'none')),
 calls int not null, errors int, denied int, unpriced int,
 input_tokens int8, cached_tokens int8, output_tokens int8, cost numeric, baseline numeric,
 primary key (id, ts)
) partition by range (ts);

-- Small, edited; a UUIDv7 dates the row.
create table task (
 team text, site text, phase text, alias_of text, name text not null, named_by text, kind text,
 bucket text not null, lines int8[] not null, tools jsonb, outline text, first_seen timestamptz,
 primary key (team, site, phase),
 foreign key (team, alias_of, phase) references task
);
create unique index on task (team, name) where alias_of is null;
create table gate (
 id uuid primary key, gate text not null, team text not null, site text not null, phase text not null, variant text not null,
 sites text[], state text not null, share int2 not null, threshold real, max_input int, evidence jsonb, since timestamptz,
 unique (gate, team, site, phase, variant)
);
create table transition (
 id uuid primary key, gate_id uuid not null references gate, from_state text not null, to_state text not null,
 share int2 not null, reason text, actor text, policy_rev text, evidence jsonb not null
);
create table policy_snapshot (
 id uuid primary key, rev text not null, build text not null, accepted bool not null, files jsonb not null,
 variants jsonb not null, problems jsonb
);
create table dataset (
 id uuid primary key, name text not null, version int not null, spec jsonb, manifest jsonb,
 unique (name, version)
);
create table dataset_item (
 dataset_id uuid references dataset on delete cascade, pos int, call_id uuid not null, subject text,
 split text not null check (split in ('train', 'validation', 'verify')), why text, weight real,
 verified text not null check (verified in ('outcome', 'person', 'second_model', 'none')),
 example bytea, -- null: withdrawn
 primary key (dataset_id, pos)
);
create table adapter (
 id uuid primary key, name text not null, version int not null, sha256 bytea not null, path text,
 manifest jsonb, dataset_id uuid references dataset, retired_at timestamptz,
 unique (name, version)
);
create table api_key (
 id uuid primary key, prefix text not null unique, sha256 bytea not null, team text not null, app text not null,
 name text, expires_at timestamptz, revoked_at timestamptz
);
create table sticky_id (
 team text, id text, upstream text not null, credential text, expires_at timestamptz,
 primary key (team, id)
);
create table spool_cursor (run int primary key, segment int8 not null, record int not null);
create table rollup_dirty (mark int8 generated always as identity primary key, hour timestamptz not null);

-- One number a process start; seq counts its calls, also those that leave sums only.
create sequence run_number as int;

create function insert_only() returns trigger language plpgsql as
$$ begin raise exception '% is insert-only', tg_table_name; end $$;

create function ensure_day(d date) returns void language plpgsql set search_path = understudy as $$
declare t text; p text;
begin
 perform pg_advisory_xact_lock(hashtext('ensure_day'));
 foreach t in array array['interaction', 'attempt', 'body', 'outcome', 'verdict', 'usage_delta'] loop
  p := t || to_char(d, '_YYYYMMDD');
  continue when to_regclass(p) is not null;
  execute format('create table %1$I (like %2$I including all, check (ts = uuid_ts(id)));
   create trigger insert_only before update on %1$I for each row execute function insert_only();
   alter table %2$I attach partition %1$I for values from (%3$L) to (%4$L)', p, t, d || ' 00:00+00', d + 1 || ' 00:00+00');
 end loop;
end $$;

select ensure_day((now() at time zone 'UTC')::date + i) from generate_series(0, 2) i;
