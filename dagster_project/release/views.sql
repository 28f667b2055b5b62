-- Labelled views for BI tools, in schema main of kto.duckdb: one row per figure, codes beside labels.

create view main.dim_metric as
select * from marts.dim_metric
where family <> 'distribution';

create view main.dim_question as
select * from marts.dim_metric
where family = 'distribution';

create view main.kpi_labelled as
select
    kpi.*,
    case metrics.decimals
        when 0 then round(cast(kpi.benchmark_value as decimal(18, 6)), 0)
        when 1 then round(cast(kpi.benchmark_value as decimal(18, 6)), 1)
        when 2 then round(cast(kpi.benchmark_value as decimal(18, 6)), 2)
        else cast(kpi.benchmark_value as decimal(18, 6))
    end::double as benchmark_rounded,
    studies.label_nl as study_nl,
    studies.label_en as study_en,
    organisations.name as organisation,
    periods.label_nl as period_nl,
    periods.label_en as period_en,
    periods.sort_order as period_order,
    channels.label_nl as channel_nl,
    channels.label_en as channel_en,
    channels.sort_order as channel_order,
    products.label_nl as product_nl,
    products.label_en as product_en,
    products.sort_order as product_order,
    segments.label_nl as segment_value_nl,
    segments.label_en as segment_value_en,
    metrics.label_nl as metric_nl,
    metrics.label_en as metric_en,
    metrics.unit,
    metrics.sort_order as metric_order
from marts.mart_kpi as kpi
left join marts.dim_study as studies on kpi.study = studies.study
left join marts.dim_organisation as organisations
    on kpi.organisation_code = organisations.organisation_code
left join marts.dim_period as periods
    on kpi.study = periods.study and kpi.period = periods.period
left join marts.dim_channel as channels
    on kpi.study = channels.study and kpi.channel = channels.channel
left join marts.dim_product as products
    on kpi.study = products.study and kpi.product_code = products.product_code
left join marts.dim_segment as segments
    on
        kpi.study = segments.study
        and kpi.segment = segments.segment
        and kpi.segment_value = segments.segment_value
left join main.dim_metric as metrics
    on kpi.study = metrics.study and kpi.metric = metrics.metric;

create view main.kpi_totals as
select * from main.kpi_labelled
where product_code = 'all' and segment = 'all';

create view main.kpi_by_product as
select * from main.kpi_labelled
where product_code <> 'all';

create view main.kpi_trend as
select
    study,
    study_nl,
    study_en,
    organisation_code,
    organisation,
    channel,
    channel_nl,
    channel_en,
    metric,
    metric_nl,
    metric_en,
    unit,
    period_type,
    period,
    period_nl,
    period_en,
    period_start,
    period_order,
    n,
    value,
    margin,
    value - margin as lower_bound,
    value + margin as upper_bound,
    benchmark_value,
    series_break
from main.kpi_totals
where status = 'published';

create view main.response as
select
    told.*,
    studies.label_nl as study_nl,
    studies.label_en as study_en,
    organisations.name as organisation,
    periods.label_nl as period_nl,
    periods.label_en as period_en,
    periods.sort_order as period_order,
    channels.label_nl as channel_nl,
    channels.label_en as channel_en,
    products.label_nl as product_nl,
    products.label_en as product_en
from marts.mart_response as told
left join marts.dim_study as studies on told.study = studies.study
left join marts.dim_organisation as organisations
    on told.organisation_code = organisations.organisation_code
left join marts.dim_period as periods
    on told.study = periods.study and told.period = periods.period
left join marts.dim_channel as channels
    on told.study = channels.study and told.channel = channels.channel
left join marts.dim_product as products
    on told.study = products.study and told.product_code = products.product_code;
