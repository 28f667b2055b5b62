{#- Where a net metric's bands are metrics of their own (promoters, passives, detractors), their shares add up to 100 and give the net figure. -#}
{% test net_follows_from_shares(model) %}
with

bands as (
    select
        metrics.study,
        metrics.metric,
        metrics.family,
        metric_questions.question,
        metric_bands.lower_bound,
        metric_bands.upper_bound,
        metric_bands.points
    from {{ ref('stg_metrics') }} as metrics
    inner join {{ ref('stg_metric_questions') }} as metric_questions
        on metrics.study = metric_questions.study
        and metrics.metric = metric_questions.metric
    inner join {{ ref('stg_metric_bands') }} as metric_bands
        on metrics.study = metric_bands.study
        and metrics.metric = metric_bands.metric
    where metrics.family in ('net', 'share')
),

parts as (
    select
        net.study,
        net.metric,
        net.points,
        share.metric as share_metric,
        count(*) over (partition by net.study, net.metric) as parts_found
    from bands as net
    inner join bands as share
        on net.study = share.study
        and net.question = share.question
        and net.lower_bound = share.lower_bound
        and net.upper_bound = share.upper_bound
        and share.family = 'share'
        and share.points = 100
    where net.family = 'net'
        -- the share of exactly this band
        and (
            select count(*)
            from bands as other
            where other.study = share.study
                and other.metric = share.metric
                and other.points = 100
        ) = 1
),

complete as (
    select parts.*
    from parts
    where parts.parts_found = (
        select count(*)
        from bands
        where bands.study = parts.study
            and bands.metric = parts.metric
    )
)

select
    net.study,
    net.organisation_code,
    net.period,
    net.channel,
    net.product_code,
    net.segment,
    net.segment_value,
    net.metric,
    net.value,
    sum(share.value * complete.points / 100) as value_of_parts
from {{ model }} as net
inner join complete
    on net.study = complete.study
    and net.metric = complete.metric
inner join {{ model }} as share
    on complete.study = share.study
    and complete.share_metric = share.metric
    and net.organisation_code = share.organisation_code
    and net.period = share.period
    and net.channel = share.channel
    and net.product_code = share.product_code
    and net.segment = share.segment
    and net.segment_value = share.segment_value
where net.status = 'published'
group by
    net.study,
    net.organisation_code,
    net.period,
    net.channel,
    net.product_code,
    net.segment,
    net.segment_value,
    net.metric,
    net.value
having abs(net.value - sum(share.value * complete.points / 100)) > 1e-6
    or abs(sum(share.value) - 100) > 1e-6
{% endtest %}
