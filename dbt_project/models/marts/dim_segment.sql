with

studies as (
    select * from {{ ref('stg_studies') }}
),

segments as (
    select * from {{ ref('stg_segments') }}
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

-- a code may have several spellings: the first one names it
answers as (
    select
        scale,
        code,
        arg_min(label_nl, sort_order) as label_nl,
        arg_min(label_en, sort_order) as label_en,
        min(sort_order) as sort_order
    from scale_values
    where code is not null
    group by scale, code
),

dimension as (
    select
        segments.study,
        segments.segment,
        answers.code as segment_value,
        segments.label_nl as segment_label_nl,
        segments.label_en as segment_label_en,
        answers.label_nl,
        answers.label_en,
        answers.sort_order
    from segments
    inner join questions
        on segments.study = questions.study
        and segments.question = questions.question
    inner join answers on questions.scale = answers.scale

    union all

    select
        study,
        segment,
        'unknown' as segment_value,
        label_nl as segment_label_nl,
        label_en as segment_label_en,
        'niet bekend' as label_nl,
        'unknown' as label_en,
        100000 as sort_order
    from segments

    union all

    select
        study,
        'all' as segment,
        'all' as segment_value,
        'Alle respondenten' as segment_label_nl,
        'All respondents' as segment_label_en,
        'Alle respondenten' as label_nl,
        'All respondents' as label_en,
        0 as sort_order
    from studies
)

select * from dimension
