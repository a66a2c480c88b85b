-- Before v0.25: plays and Os were counted, not dated.
alter table scenes add column o_counter tinyint not null default 0;
alter table scenes add column last_played_at datetime default null;
alter table scenes add column play_count tinyint not null default 0;
update scenes set
  o_counter = (select count(*) from scenes_o_dates where scene_id = scenes.id),
  play_count = (select count(*) from scenes_view_dates where scene_id = scenes.id),
  -- As its driver wrote it, with a fraction.
  last_played_at = (select replace(replace(max(view_date), 'T', ' '), 'Z', '.123456789+00:00')
    from scenes_view_dates where scene_id = scenes.id);
drop table scenes_view_dates;
drop table scenes_o_dates;
