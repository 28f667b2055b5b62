{#- A total over products, channels or the values of a segment counts exactly the respondents of its parts. -#}
{% test totals_add_up(model) %}
with

cells as (
    select * from {{ model }}
),

products as (
    select
        totals.study,
        totals.organisation_code,
        totals.period,
        totals.channel,
        totals.metric,
        totals.n,
        sum(parts.n) as n_of_parts
    from cells as totals
    inner join cells as parts
        on totals.study = parts.study
        and totals.organisation_code = parts.organisation_code
        and totals.period = parts.period
        and totals.channel = parts.channel
        and totals.metric = parts.metric
    where totals.product_code = 'all'
        and parts.product_code <> 'all'
        and totals.segment = 'all'
    group by all
),

channels as (
    select
        totals.study,
        totals.organisation_code,
        totals.period,
        totals.product_code,
        totals.segment,
        totals.segment_value,
        totals.metric,
        totals.n,
        sum(parts.n) as n_of_parts
    from cells as totals
    inner join cells as parts
        on totals.study = parts.study
        and totals.organisation_code = parts.organisation_code
        and totals.period = parts.period
        and totals.product_code = parts.product_code
        and totals.segment = parts.segment
        and totals.segment_value = parts.segment_value
        and totals.metric = parts.metric
    where totals.channel = 'all'
        and parts.channel <> 'all'
    group by all
),

segments as (
    select
        totals.study,
        totals.organisation_code,
        totals.period,
        totals.channel,
        parts.segment,
        totals.metric,
        totals.n,
        sum(parts.n) as n_of_parts
    from cells as totals
    inner join cells as parts
        on totals.study = parts.study
        and totals.organisation_code = parts.organisation_code
        and totals.period = parts.period
        and totals.channel = parts.channel
        and totals.metric = parts.metric
    where totals.product_code = 'all'
        and totals.segment = 'all'
        and parts.segment <> 'all'
    group by all
)

select study, organisation_code, period, metric from segments where n <> n_of_parts
union all
select study, organisation_code, period, metric from products where n <> n_of_parts
union all
select study, organisation_code, period, metric from channels where n <> n_of_parts
{% endtest %}
