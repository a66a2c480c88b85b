-- What a source has no field of its own for was never agreed on with it. Some of that has another form there, in which it is
-- told now: such records are looked at as if they had been edited.
UPDATE stowage.links l SET edited = true
  FROM qar.crew p
 WHERE l.kind = 3 AND p.id = l.library_id
   AND (p.twitter <> '' AND NOT l.base ? 'twitter'
     OR p.instagram <> '' AND NOT l.base ? 'instagram'
     OR p.career_length <> '' AND NOT l.base ? 'careerLength');
