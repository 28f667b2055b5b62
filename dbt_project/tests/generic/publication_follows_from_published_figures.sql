{#- What is said of publication stands elsewhere, and is said exactly where that decides it; a second judgement is shown below the norm only. -#}
{% test publication_follows_from_published_figures(model) %}
with

figures as (
    select *
    from {{ ref('mart_kpi') }}
    where channel = 'all'
        and segment = 'all'
),

found as (
    select
        publication.*,
        responses.responses as known_responses,
        responses.response_rate as known_rate,
        judged.value as known_value,
        second_judgement.value as known_second,
        rules.always_published
        or coalesce(responses.responses >= rules.min_answers, false) as is_published_anyway,
        coalesce(responses.response_rate >= rules.min_response_rate, false) as has_response,
        rules.min_response_rate is null or responses.invited is not null as has_decisive_rate,
        coalesce(responses.status = 'published', false) as is_told
    from {{ model }} as publication
    left join {{ ref('stg_publication_rules') }} as rules on publication.study = rules.study
    left join {{ ref('mart_response') }} as responses
        on publication.study = responses.study
        and publication.organisation_code = responses.organisation_code
        and publication.period = responses.period
        and publication.product_code = responses.product_code
        and responses.channel = 'all'
    left join figures as judged
        on publication.study = judged.study
        and publication.organisation_code = judged.organisation_code
        and publication.period = judged.period
        and publication.product_code = judged.product_code
        and rules.judged_metric = judged.metric
    left join figures as second_judgement
        on publication.study = second_judgement.study
        and publication.organisation_code = second_judgement.organisation_code
        and publication.period = second_judgement.period
        and publication.product_code = second_judgement.product_code
        and rules.second_judgement_metric = second_judgement.metric
)

select
    study,
    organisation_code,
    period,
    product_code
from found
where (status = 'published')
    is distinct from (is_told and (is_published_anyway or has_decisive_rate))
    or (
        status = 'published'
        and (
            responses is distinct from known_responses
            or response_rate is distinct from known_rate
            or value is distinct from known_value
            or value_second_judgement is distinct from case
                when value < norm then known_second
            end
            or published is distinct from (is_published_anyway or has_response)
        )
    )
{% endtest %}
