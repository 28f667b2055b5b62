{#- The shares of a question with one answer add up to 100; of one with several, each is at most 100. -#}
{% test shares_add_up(model) %}
select
    distribution.study,
    distribution.organisation_code,
    distribution.period,
    distribution.channel,
    distribution.metric,
    sum(distribution.share) as total
from {{ model }} as distribution
inner join {{ ref('stg_questions') }} as questions
    on distribution.study = questions.study
    and distribution.metric = questions.question
inner join {{ ref('stg_scales') }} as scales on questions.scale = scales.scale
where distribution.status = 'published'
group by
    distribution.study,
    distribution.organisation_code,
    distribution.period,
    distribution.channel,
    distribution.metric,
    scales.kind
having
    (scales.kind <> 'multiple' and abs(sum(distribution.share) - 100) > 1e-6)
    or max(distribution.share) > 100 + 1e-6
    or min(distribution.share) < 0
{% endtest %}
