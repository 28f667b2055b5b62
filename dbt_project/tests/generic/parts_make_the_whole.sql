{#- Every total is the sum of its parts; a measure that no part of a dimension has (a distribution by product) has its total only. -#}
{% test parts_make_the_whole(model) %}
with

cells as (
    select * from {{ model }}
),

hierarchies as (
    select * from {{ ref('int_hierarchies') }}
),

sums as (
    select
        hierarchies.study,
        hierarchies.dimension,
        hierarchies.partition,
        cells.organisation_code,
        case hierarchies.dimension when 'period' then hierarchies.parent else cells.period end
            as period,
        case hierarchies.dimension when 'channel' then hierarchies.parent else cells.channel end
            as channel,
        case hierarchies.dimension
            when 'product_code' then hierarchies.parent else cells.product_code
        end as product_code,
        case hierarchies.dimension when 'segment' then hierarchies.parent else cells.segment end
            as segment,
        cells.measure,
        coalesce(cells.answer, '') as answer,
        sum(cells.n) as n
    from hierarchies
    inner join cells
        on hierarchies.study = cells.study
        and hierarchies.child = case hierarchies.dimension
            when 'period' then cells.period
            when 'channel' then cells.channel
            when 'product_code' then cells.product_code
            when 'segment' then cells.segment
        end
    group by all
),

equations as (
    select distinct
        study,
        dimension,
        partition,
        measure
    from sums
),

parents as (
    select distinct
        study,
        dimension,
        partition,
        parent
    from hierarchies
),

wholes as (
    select
        equations.dimension,
        equations.partition,
        cells.*
    from cells
    inner join equations
        on cells.study = equations.study
        and cells.measure = equations.measure
    inner join parents
        on equations.study = parents.study
        and equations.dimension = parents.dimension
        and equations.partition = parents.partition
        and parents.parent = case parents.dimension
            when 'period' then cells.period
            when 'channel' then cells.channel
            when 'product_code' then cells.product_code
            when 'segment' then cells.segment
        end
    -- no product and segment at once, and methods over all channels only
    where
        (parents.dimension <> 'segment' or cells.product_code = 'all')
        and (parents.dimension <> 'product_code' or cells.segment = 'all')
        and (parents.partition <> 'method' or cells.channel = 'all')
        and (parents.dimension <> 'channel' or cells.segment not like 'method=%')
)

select
    wholes.study,
    wholes.organisation_code,
    wholes.period,
    wholes.measure,
    wholes.dimension
from wholes
left join sums
    on wholes.study = sums.study
    and wholes.dimension = sums.dimension
    and wholes.partition = sums.partition
    and wholes.organisation_code = sums.organisation_code
    and wholes.period = sums.period
    and wholes.channel = sums.channel
    and wholes.product_code = sums.product_code
    and wholes.segment = sums.segment
    and wholes.measure = sums.measure
    and coalesce(wholes.answer, '') = sums.answer
where wholes.n <> coalesce(sums.n, 0)
{% endtest %}
