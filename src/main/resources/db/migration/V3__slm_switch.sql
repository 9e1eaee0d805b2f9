-- Whether small models may answer: every change, the last one counts. No row: they may.
create table slm_switch (n int8 generated always as identity primary key, enabled bool not null, actor text not null,
 at timestamptz not null default now());
