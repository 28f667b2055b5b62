{#- Where a total and all of its parts are published, the parts add up to it: channels, products, the values of a segment, methods, and the quarters of a year. A part without a row has nobody in it. -#}
{% test published_parts_add_up(model, count, figure="''") %}
with

cells as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        {{ segment_label('segment', 'segment_value') }} as segment,
        {{ figure }} as figure,
        {{ count }} as n
    from {{ model }}
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
        cells.figure,
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
    having count(*) = count(cells.n)
)

select
    cells.study,
    cells.organisation_code,
    cells.period,
    sums.dimension,
    cells.figure,
    cells.n,
    sums.n as n_of_parts
from cells
inner join sums
    on cells.study = sums.study
    and cells.organisation_code = sums.organisation_code
    and cells.period = sums.period
    and cells.channel = sums.channel
    and cells.product_code = sums.product_code
    and cells.segment = sums.segment
    and cells.figure = sums.figure
where cells.n <> sums.n
{% endtest %}
