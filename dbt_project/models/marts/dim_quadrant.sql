with

quadrants (quadrant, label_nl, label_en, sort_order) as (
    values
    ('high_priority', 'Eerst verbeteren', 'Improve first', 1),
    ('low_priority', 'Daarna verbeteren', 'Improve next', 2),
    ('strength', 'Vasthouden', 'Keep', 3),
    ('maintain', 'Onderhouden', 'Maintain', 4)
)

select * from quadrants
