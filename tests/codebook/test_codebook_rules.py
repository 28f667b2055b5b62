# ruff: noqa: E501 -- every line that a user sees is quoted whole
"""Each rule between rows, broken once: the change, and all lines that `kto codebook check` prints.

A change is `set <file> <row> <column> <value>`, `drop <file> <row>` or `add <file> <line>`; rows count
from the header, which is row 1, in the tiny codebook of conftest.py.
"""

from __future__ import annotations

import pytest
from tiny_codebook import Seeds

COLUMNS = [
    (
        "set columns 8 field mark",
        [
            "columns.csv row 8 column field: 'mark' is neither a role nor a question of study 'desk'; correct it or add the question to questions.csv",
        ],
    ),
    (
        "set columns 18 field tip",
        [
            "columns.csv row 18 column field: 'tip' is no role of a feed of invitations; use one of batch_id, channel, email, invitation_id, method, organisation_code, product_code, reminded_at, sent_at, status",
            "columns.csv row 18 column scale: 'sending' is of kind code; tip takes one of kind no_answer",
        ],
    ),
    (
        "set columns 5 header DAY",
        [
            "columns.csv row 5 column header: feed 'desk_walk_in', header 'DAY' repeats row 4; keep one of the two",
        ],
    ),
    (
        "set columns 5 required false",
        [
            "columns.csv row 5 column required: differs from row 4, another header of 'contact_date'; make them the same",
        ],
    ),
    (
        "set columns 5 format",
        [
            "columns.csv row 5 column format: differs from row 4, another header of 'contact_date'; make them the same",
        ],
    ),
    (
        "set columns 8 format %Y",
        [
            "columns.csv row 8 column format: only contact_date, reminded_at, sent_at, submitted_at have a format; clear the cell",
        ],
    ),
    (
        "set columns 4 format %d/%m + set columns 5 format %d/%m",
        [
            "columns.csv row 4 column format: '%d/%m' does not hold a year, month and day; write it as in %d-%m-%Y",
            "columns.csv row 5 column format: '%d/%m' does not hold a year, month and day; write it as in %d-%m-%Y",
        ],
    ),
    (
        "set columns 7 scale how",
        [
            "columns.csv row 7 column scale: 'how' is of kind code; tip takes one of kind no_answer",
        ],
    ),
    (
        "set columns 8 scale tens",
        [
            "columns.csv row 8 column scale: a question has its scale in questions.csv; clear the cell",
        ],
    ),
    (
        "set columns 2 scale how",
        [
            "columns.csv row 2 column scale: response_id is read without a scale; clear the cell",
        ],
    ),
    (
        "set columns 18 scale",
        [
            "columns.csv row 18 column scale: status needs a scale that gives the codes delivered, duplicate, incomplete, opted_out, sent, undeliverable; name it",
        ],
    ),
    (
        "set columns 20 required false",
        [
            "columns.csv row 20 column required: a row without weight cannot be counted; write true",
        ],
    ),
    (
        "set columns 6 required false",
        [
            "columns.csv row 6 column required: a row without product_code cannot be counted; write true",
        ],
    ),
    (
        "add columns port_2016,product_code,p,true,,",
        [
            "columns.csv row 22 column field: study 'port' has no rows in products.csv; add them or remove this column",
        ],
    ),
    (
        "add columns port_2016,netto",
        [
            "columns.csv row 22: the row has 2 cells and the header 6; check commas and quotes",
        ],
    ),
]

FEEDS = [
    (
        "drop columns 2",
        [
            "feeds.csv row 2 column feed: 'desk_walk_in' has no column for response_id; add a row for it to columns.csv",
        ],
    ),
    (
        "drop columns 3",
        [
            "feeds.csv row 2 column organisation_code: nothing says which organisation_code a row has; fill in the cell or add a column to columns.csv",
        ],
    ),
    (
        "drop columns 15",
        [
            "feeds.csv row 3 column channel: nothing says which channel a row has; fill in the cell or add a column to columns.csv",
        ],
    ),
    (
        "drop columns 6",
        [
            "feeds.csv row 2 column feed: 'desk_walk_in' has no column for product_code; add a row for it to columns.csv or constants.csv",
        ],
    ),
    (
        "drop columns 16",
        [
            "feeds.csv row 3 column feed: 'desk_sent' has no column for product_code; add a row for it to columns.csv or constants.csv",
        ],
    ),
    (
        "drop columns 17",
        [
            "feeds.csv row 3 column feed: 'desk_sent' has no column for sent_at; add a row for it to columns.csv",
        ],
    ),
    (
        "drop columns 13",
        [
            "feeds.csv row 3 column feed: 'desk_sent' has no column for invitation_id; add a row for it to columns.csv",
        ],
    ),
    (
        "drop columns 5 + drop columns 4",
        [
            "feeds.csv row 2 column feed: 'desk_walk_in' has no column for contact_date; add a row for it to columns.csv",
        ],
    ),
    (
        "set feeds 2 organisation_code TN01",
        [
            "feeds.csv row 2 column organisation_code: 'TN01' holds for every row and row 3 of seeds/columns.csv gives one per row; keep one of the two",
        ],
    ),
    (
        "set feeds 4 organisation_code",
        [
            "feeds.csv row 4 column organisation_code: nothing says which organisation_code a row has; fill in the cell or add a column to columns.csv",
        ],
    ),
    (
        "set feeds 4 organisation_code TN01",
        [
            "feeds.csv row 4 column organisation_code: 'TN01' is of kind town and study 'port' is about harbour; choose another organisation",
        ],
    ),
    (
        "set feeds 4 period",
        [
            "feeds.csv row 4 column period: a constant period is needed; fill in the year of the wave",
        ],
    ),
    (
        "set feeds 4 period 2016Q1",
        [
            "feeds.csv row 4 column period: '2016Q1' is not a year; write it in four digits",
        ],
    ),
    (
        "set feeds 2 period 2016",
        [
            "feeds.csv row 2 column period: the period comes from a date; clear the cell",
        ],
    ),
    (
        "set feeds 2 period_source constant + set feeds 2 period 2020",
        [
            "feeds.csv row 2 column period_source: study 'desk' is timed by quarter, so each row needs a date; write date",
        ],
    ),
    (
        "set feeds 3 period_source constant + set feeds 3 period 2020",
        [
            "feeds.csv row 3 column period_source: a feed of invitations takes its period from a date; write date",
        ],
    ),
    (
        "set feeds 4 period_source year",
        [
            "feeds.csv row 4 column feed: 'port_2016' has no column for year; add a row for it to columns.csv",
            "feeds.csv row 4 column period: the period comes from a year; clear the cell",
        ],
    ),
    (
        "set feeds 4 period_source year + set feeds 4 period + add columns port_2016,year,jaar,false,,",
        [
            "columns.csv row 22 column required: a row without year cannot be counted; write true",
        ],
    ),
    (
        "add columns port_2016,year,jaar,true,,",
        [
            "columns.csv row 22 column field: the period of feed 'port_2016' comes from a constant; remove this column or write year as its period_source",
        ],
    ),
    (
        "add feeds port_2017,port,responses,,P1,constant,2017, + add columns port_2017,response_id,id,true,,",
        [
            "feeds.csv row 5 column feed: 'port_2017' has no column for weight and 'port_2016' of the same study has one; add a row for it to columns.csv, or a weight to constants.csv",
        ],
    ),
    (
        "add feeds port_2017,port,responses,,P1,constant,2017, + add columns port_2017,response_id,id,true,, + add constants port_2017,weight,1",
        [],
    ),
    (
        "set columns 12 format =a + add columns desk_walk_in,told,told_2,false,=b, + add columns desk_walk_in,told,all,false,;,",
        [],
    ),
    (
        "set columns 12 format =9 + add columns desk_walk_in,told,all,false,en,",
        [
            "columns.csv row 12 column format: '9' is no code of scale 'topics'; use one of a, b",
            "columns.csv row 22 column format: 'en' neither separates answers nor is = and the code of one; write it as in ; or =1",
        ],
    ),
    (
        "add constants port_2016,weight,none",
        [
            "constants.csv row 2 column field: row 20 of seeds/columns.csv gives weight per row; keep one of the two",
            "constants.csv row 2 column value: 'none' is no number above 0; correct it",
        ],
    ),
    (
        "add constants desk_sent,weight,1 + add constants port_2016,product_code,boat",
        [
            "constants.csv row 2 column field: a feed of invitations has no weights; remove the row",
            "constants.csv row 3 column value: 'boat' is no product of study 'port'; correct it or add it to products.csv",
        ],
    ),
    (
        "add constants counter,weight,1 + add inclusions counter,Status,0",
        [
            "constants.csv row 2 column feed: 'counter' is not in feeds.csv; correct it or add it there",
            "inclusions.csv row 2 column feed: 'counter' is not in feeds.csv; correct it or add it there",
        ],
    ),
    (
        "set feeds 2 period_source year + add columns desk_walk_in,year,jaar,true,,",
        [
            "feeds.csv row 2 column period_source: study 'desk' is timed by quarter, so each row needs a date; write date",
        ],
    ),
]

SCALES = [
    (
        "set scale_values 11 code mail",
        [
            "scale_values.csv row 11 column code: 'mail' is no channel for feed 'desk_sent', which uses this scale; use one of walk_in, phone",
        ],
    ),
    (
        "set scale_values 13 code posted",
        [
            "scale_values.csv row 13 column code: 'posted' is no status for feed 'desk_sent', which uses this scale; use one of delivered, duplicate, incomplete, opted_out, sent, undeliverable",
        ],
    ),
    (
        "set scales 2 minimum",
        [
            "scales.csv row 2 column minimum: a scale of kind number needs a minimum; fill it in",
        ],
    ),
    (
        "set scales 2 minimum 3",
        [
            "scales.csv row 2 column maximum: 3 is not above minimum 3; raise it",
        ],
    ),
    (
        "set scales 2 minimum 1.25",
        [
            "scales.csv row 2 column decimals: minimum or maximum has more than 1 decimals; allow more or round them",
        ],
    ),
    (
        "set scales 3 maximum 5",
        [
            "scales.csv row 3 column maximum: a scale of kind code has no maximum; clear the cell",
        ],
    ),
    (
        "add scales six,code,,,,",
        [
            "scales.csv row 8 column scale: 'six' has no values; list its raw answers in scale_values.csv",
        ],
    ),
    (
        "set segments 2 question grade",
        [
            "segments.csv row 2 column question: 'grade' has a scale of kind number; a segment needs one of kind code",
        ],
    ),
    (
        "set segments 2 question speed",
        [
            "segments.csv row 2 column question: 'speed' of study 'desk' is not in questions.csv; correct it or add it there",
        ],
    ),
    (
        "set segments 2 segment method",
        [
            "segments.csv row 2 column segment: 'method' stands for how people were invited; use another name",
        ],
    ),
    (
        "set scale_values 6 code unknown",
        [
            "scale_values.csv row 6 column code: 'unknown' stands for respondents without an answer in segment 'pace'; use another code",
        ],
    ),
    (
        "set scale_values 9 code x",
        [
            "scale_values.csv row 9 column code: a text that means no answer has none; clear the cell",
        ],
    ),
    (
        "set scale_values 2 code",
        [
            "scale_values.csv row 2 column code: scale 'five' needs a code for each raw answer; add it",
        ],
    ),
    (
        "set scale_values 7 raw a|b",
        [
            "scale_values.csv row 7 column raw: 'a|b' holds '|', which separates answers; write each apart",
        ],
    ),
    (
        "set scale_values 15 number 2.5",
        [
            "scale_values.csv row 15 column code: code '2' and number differ; on a number scale make both one whole number",
        ],
    ),
    (
        "set scale_values 16 code 4 + set scale_values 16 number 4",
        [
            "scale_values.csv row 16 column number: 4 is outside 1 to 3; correct or remove it",
            "metrics.csv row 7 column metric: answer 3 of scale 'tens' is not listed; add it to scale_values.csv",
        ],
    ),
    (
        "set scale_values 3 number 2",
        [
            "scale_values.csv row 3 column number: '1' has another number in row 2; make them the same",
            "metric_bands.csv row 5 column lower: answer 2 has no points; close the gap below this band",
        ],
    ),
    (
        "set scales 2 no_answer five",
        [
            "scales.csv row 2 column no_answer: 'five' is no list for 'tens'; refer an answerable scale to one of kind no_answer",
        ],
    ),
    (
        "set scale_values 10 raw 2",
        [
            "scales.csv row 2 column no_answer: '2' is an answer on this scale and means no answer in 'nothing'; remove it from one of the two",
            "scales.csv row 3 column no_answer: '2' is an answer on this scale and means no answer in 'nothing'; remove it from one of the two",
        ],
    ),
    (
        "set questions 2 scale nothing",
        [
            "questions.csv row 2 column scale: 'nothing' lists what is no answer; choose a scale that can be answered",
        ],
    ),
    (
        "add questions desk,weight,tens,Gewicht,Weight",
        [
            "questions.csv row 8 column question: 'weight' is the name of a role of columns; choose another id",
        ],
    ),
    (
        "set questions 3 scale how",
        [
            "metric_questions.csv row 4 column question: no answer of scale 'how' has a number; add numbers in scale_values.csv",
        ],
    ),
    (
        "set questions 5 scale five",
        [
            "metric_questions.csv row 6 column question: 'clarity' runs 1 to 4 and 'patience' in row 5 1 to 3; combine questions of one range",
        ],
    ),
    (
        "drop scale_values 15",
        [
            "metrics.csv row 7 column metric: answer 2 of scale 'tens' is not listed; add it to scale_values.csv",
        ],
    ),
]

METRICS = [
    (
        "set metrics 6 new_series_from 2021-04-01",
        [
            "metrics.csv row 5 column new_series_from: question 'patience' begins a new series on 2021-04-01 in row 6, and 'manner' is computed from it; write that day",
        ],
    ),
    ("set metrics 6 new_series_from 2021-04-01 + set metrics 5 new_series_from 2021-07-01", []),
    (
        "set metrics 5 family mean + set metrics 5 min_items",
        [
            "metrics.csv row 5 column metric: 'manner' is a mean of 2 questions; list exactly one in metric_questions.csv",
        ],
    ),
    (
        "drop metric_questions 6",
        [
            "metrics.csv row 5 column metric: 'manner' is a composite of 1 questions; list at least 2 in metric_questions.csv",
        ],
    ),
    (
        "drop metric_questions 2",
        [
            "metrics.csv row 2 column metric: 'grade' is a mean of 0 questions; list exactly one in metric_questions.csv",
            "metrics.csv row 3 column base: nothing counts who answered 'grade'; add a metric on it with base answered, or a few answers would not be seen to be few",
        ],
    ),
    (
        "add metric_questions desk,patience,clarity",
        [
            "metrics.csv row 6 column metric: 'patience' is a mean of 2 questions; list exactly one in metric_questions.csv",
        ],
    ),
    (
        "add metrics desk,ease,mean,grade,answered,0,,effort,true,,Gemak,Ease,Saldo,Balance,",
        [
            "metrics.csv row 10 column metric: 'ease' is a net in row 4 already; choose another id",
            "metric_bands.csv row 4 column points: 100 is no answer of scale 'five', which runs 1 to 4; count the answers as one that is",
            "metric_bands.csv row 5 column points: -100 is no answer of scale 'five', which runs 1 to 4; count the answers as one that is",
        ],
    ),
    (
        "set metrics 8 metric x",
        [
            "metrics.csv row 8 column metric: 'x' is no question of study 'desk'; name a distribution after its question",
        ],
    ),
    (
        "add metric_questions desk,told,told",
        [
            "metric_questions.csv row 9 column metric: 'told' is a distribution and needs no rows here; remove this one",
            "metric_questions.csv row 9 column question: 'told' takes several answers at once; only a distribution can show it",
        ],
    ),
    (
        "set metrics 3 unit grade",
        [
            "metrics.csv row 3 column unit: a share is not in grade; write percent",
        ],
    ),
    (
        "set metrics 4 base asked",
        [
            "metrics.csv row 4 column base: a net has no score for whoever did not answer; write answered",
        ],
    ),
    (
        "add metrics desk,clear,share,percent,asked,0,,manner,true,,Helder,Clear,Aandeel,Share, + add metric_questions desk,clear,clarity + add metric_bands desk,clear,1,2.9,0 + add metric_bands desk,clear,3,3,100",
        [
            "metrics.csv row 10 column base: nothing counts who answered 'clarity'; add a metric on it with base answered, or a few answers would not be seen to be few",
        ],
    ),
    (
        "set metrics 5 min_items 3",
        [
            "metrics.csv row 5 column min_items: 3 is more than its 2 items; write 2 or less",
        ],
    ),
    (
        "set metrics 5 min_items",
        [
            "metrics.csv row 5 column min_items: a composite needs it; say how many items must be answered",
        ],
    ),
    (
        "set metrics 2 min_items 1",
        [
            "metrics.csv row 2 column min_items: a mean has no items; clear the cell",
        ],
    ),
    (
        "set metric_questions 4 question told",
        [
            "metrics.csv row 8 column disclosure_group: 'told' differs from 'effort' in row 4, though both use question 'told'; give them one group",
            "metric_questions.csv row 4 column question: 'told' takes several answers at once; only a distribution can show it",
        ],
    ),
    (
        "set metrics 3 disclosure_group good",
        [
            "metrics.csv row 3 column disclosure_group: 'good' differs from 'grade' in row 2, though both use question 'grade'; give them one group",
        ],
    ),
    (
        "set metrics 6 disclosure_group patience",
        [
            "metrics.csv row 6 column disclosure_group: 'patience' differs from 'manner' in row 5, though both use question 'patience'; give them one group",
        ],
    ),
    (
        "set metrics 7 disclosure_group answers",
        [
            "metrics.csv row 7 column disclosure_group: 'answers' differs from 'grade' in row 2, though both use question 'grade'; give them one group",
        ],
    ),
    (
        "set metrics 3 disclosure_group responses + set metrics 2 disclosure_group responses + set metrics 7 disclosure_group responses",
        [
            "metrics.csv row 2 column disclosure_group: 'responses' is the group of counts; choose another",
            "metrics.csv row 3 column disclosure_group: 'responses' is the group of counts; choose another",
            "metrics.csv row 7 column disclosure_group: 'responses' is the group of counts; choose another",
        ],
    ),
]

SERIES = [
    (
        "set metrics 3 new_series_from 2021-07-15",
        [
            "metrics.csv row 3 column new_series_from: 2021-07-15 is not the first day of a quarter, and study 'desk' has a figure per quarter; write 2021-07-01",
        ],
    ),
    (
        "set metrics 3 new_series_from 2021-12-31",
        [
            "metrics.csv row 3 column new_series_from: 2021-12-31 is not the first day of a quarter, and study 'desk' has a figure per quarter; write 2021-10-01",
        ],
    ),
    ("set metrics 3 new_series_from 2021-04-01", []),
    (
        "set metrics 9 new_series_from 2022-01-12",
        [
            "metrics.csv row 9 column new_series_from: 2022-01-12 is not the first day of a year, and study 'port' has a figure per year; write 2022-01-01",
        ],
    ),
    (
        "set metrics 9 new_series_from 2022-07-01",
        [
            "metrics.csv row 9 column new_series_from: 2022-07-01 is not the first day of a year, and study 'port' has a figure per year; write 2022-01-01",
        ],
    ),
    ("set metrics 9 new_series_from 2022-01-01", []),
]

PRIORITIES = [
    (
        "set studies 2 priority_min_n 9",
        [
            "studies.csv row 2 column priority_min_n: 9 is below min_n 10, under which nothing is published; write 10 or more",
        ],
    ),
    (
        "set studies 2 priority_method guess",
        [
            "studies.csv row 2 column priority_method: 'guess' is not known; use correlation or regression",
        ],
    ),
    (
        "set metrics 6 overall_metric + set metrics 4 overall_metric grade",
        [
            "metrics.csv row 4 column overall_metric: a net is no aspect; clear the cell",
        ],
    ),
    (
        "set metrics 6 higher_is_better false",
        [
            "metrics.csv row 6 column overall_metric: less is better for 'patience', so its figure is no satisfaction; clear the cell",
        ],
    ),
    (
        "set metrics 6 overall_metric told",
        [
            "metrics.csv row 6 column overall_metric: 'told' is no mean or composite; name one",
        ],
    ),
    (
        "set metrics 6 overall_metric ease",
        [
            "metrics.csv row 6 column overall_metric: 'ease' is no mean or composite; name one",
        ],
    ),
    (
        "set metrics 6 overall_metric joy",
        [
            "metrics.csv row 6 column overall_metric: 'joy' of study 'desk' is not in metrics.csv; correct it or add it there",
        ],
    ),
    (
        "set metrics 6 overall_metric manner",
        [
            "metrics.csv row 6 column overall_metric: 'manner' is computed from question 'patience' too; name another or clear the cell",
        ],
    ),
    (
        "set metrics 6 overall_metric patience",
        [
            "metrics.csv row 6 column overall_metric: 'patience' is computed from question 'patience' too; name another or clear the cell",
        ],
    ),
    (
        "set metrics 5 overall_metric grade",
        [
            "metrics.csv row 6 column overall_metric: question 'patience' counts in aspect 'manner' in row 5 already; keep one of the two",
        ],
    ),
    (
        "add metrics desk,haste,mean,scale,answered,1,,effort,true,,Haast,Haste,Gemiddelde,Mean,grade + add metric_questions desk,haste,effort",
        [
            "metrics.csv row 10 column overall_metric: 'haste' runs 1 to 4 and aspect 'patience' in row 6 1 to 3; keep aspects of one range",
        ],
    ),
]

BANDS = [
    (
        "add metric_bands desk,manner,1,3,2",
        [
            "metric_bands.csv row 6 column metric: 'manner' is a composite and takes answers as they are; remove its bands",
        ],
    ),
    (
        "add metric_bands desk,patience,1,3,100",
        [
            "metric_bands.csv row 6 column points: 100 is no answer of scale 'tens', which runs 1 to 3; count the answers as one that is",
        ],
    ),
    (
        "add metric_bands desk,patience,1,1.9,1.5",
        [
            "metric_bands.csv row 6 column upper: answers 2 to 3 have no points; close the gap above this band",
        ],
    ),
    (
        "set metric_bands 5 points",
        [
            "metric_bands.csv row 5 column points: a net needs points in every band; only a mean leaves answers as they are",
        ],
    ),
    (
        "add metric_bands desk,told,1,1,0",
        [
            "metric_bands.csv row 6 column metric: 'told' is a distribution and needs no rows here; remove this one",
        ],
    ),
    (
        "drop metric_bands 5 + drop metric_bands 4",
        [
            "metrics.csv row 4 column metric: 'ease' is a net without bands; say in metric_bands.csv how many points each answer gives",
        ],
    ),
    (
        "set metric_bands 2 points 50",
        [
            "metric_bands.csv row 2 column points: a share gives 0 or 100 points, not 50",
        ],
    ),
    (
        "set metric_bands 3 upper 2.3",
        [
            "metric_bands.csv row 2 column lower: answer 2.4 has no points; close the gap below this band",
        ],
    ),
    (
        "set metric_bands 3 upper 2.5",
        [
            "metric_bands.csv row 2 column lower: answer 2.5 has points in row 3 already; end the overlap",
        ],
    ),
    (
        "set metric_bands 3 lower 1.2",
        [
            "metric_bands.csv row 3 column lower: answers 1 to 1.1 have no points; close the gap below this band",
        ],
    ),
    (
        "set metric_bands 2 upper 2.9",
        [
            "metric_bands.csv row 2 column upper: answer 3 has no points; close the gap above this band",
        ],
    ),
    (
        "set metric_bands 2 upper 4",
        [
            "metric_bands.csv row 2 column upper: 4 is no answer of scale 'tens', which runs 1 to 3; use one that is",
        ],
    ),
    (
        "set metric_bands 2 lower 2.55",
        [
            "metric_bands.csv row 2 column lower: 2.55 is no answer of scale 'tens', which runs 1 to 3; use one that is",
        ],
    ),
    (
        "set metric_bands 5 lower 2",
        [
            "metric_bands.csv row 5 column lower: 2 is no answer of scale 'five', which runs 1 to 4; use one that is",
        ],
    ),
    (
        "set metric_bands 5 lower 4",
        [
            "metric_bands.csv row 5 column lower: answer 2.5 has no points; close the gap below this band",
        ],
    ),
    (
        "set metric_bands 2 lower 3 + set metric_bands 2 upper 2.5",
        [
            "metric_bands.csv row 2 column upper: 2.5 is below lower 3; swap them",
        ],
    ),
]

ORGANISATIONS = [
    (
        "set studies 2 code_digits",
        [
            "studies.csv row 2 column code_digits: prefix and digits go together; fill in both or clear both",
        ],
    ),
    (
        "set studies 2 organisation_kind city",
        [
            "studies.csv row 2 column organisation_kind: no organisation is of kind 'city'; correct it or add some to organisations.csv",
        ],
    ),
    (
        "set studies 3 benchmark_among size_class",
        [
            "studies.csv row 3 column benchmark_among: no organisation of kind 'harbour' has a size_class, so there would be no benchmark; fill some in in organisations.csv or write all",
        ],
    ),
    (
        "set organisations 2 organisation_code TN1",
        [
            "organisations.csv row 2 column organisation_code: 'TN1' is not TN and 2 digits, as study 'desk' writes them; correct it",
            "organisation_mergers.csv row 2 column from_code: 'TN01' is not in organisations.csv; correct it or add it there",
        ],
    ),
    (
        "set organisations 3 valid_to 2021-01-01",
        [
            "organisations.csv row 3 column valid_to: 2021-01-01 is before valid_from 2022-01-01; swap them",
            "organisation_mergers.csv row 2 column effective_from: 'TN02' does not exist on 2022-01-01; correct the day or its valid_from",
        ],
    ),
    (
        "set organisations 2 valid_to 2021-12-30",
        [
            "organisation_mergers.csv row 2 column effective_from: 2022-01-01 is not the day after the valid_to of 'TN01' (2021-12-30); correct one of the two",
        ],
    ),
    (
        "set organisations 2 valid_to",
        [
            "organisation_mergers.csv row 2 column effective_from: 2022-01-01 is not the day after the valid_to of 'TN01' (blank); correct one of the two",
        ],
    ),
    (
        "set organisations 3 valid_from 2022-06-01",
        [
            "organisation_mergers.csv row 2 column effective_from: 'TN02' does not exist on 2022-01-01; correct the day or its valid_from",
        ],
    ),
    (
        "set organisation_mergers 2 to_code TN01",
        [
            "organisation_mergers.csv row 2 column to_code: an organisation cannot merge into itself; name its successor",
        ],
    ),
    (
        "set organisation_mergers 2 to_code P1",
        [
            "organisation_mergers.csv row 2 column to_code: 'P1' is of kind harbour and 'TN01' of kind town; name a successor of the same kind",
        ],
    ),
    (
        "add channels desk,all,Alle,All",
        [
            "channels.csv row 4 column channel: 'all' is reserved for totals; choose another",
        ],
    ),
    (
        "add channels desk,Phone,Alle,All",
        [
            "channels.csv row 4 column channel: study 'desk', channel 'Phone' repeats row 3; keep one of the two",
            "channels.csv row 4 column channel: 'Phone' is not an id; use lower-case letters, digits, underscores",
        ],
    ),
    (
        "add organisation_mergers TN01,P1,2022-01-01",
        [
            "organisation_mergers.csv row 3 column from_code: from_code 'TN01' repeats row 2; keep one of the two",
            "organisation_mergers.csv row 3 column to_code: 'P1' is of kind harbour and 'TN01' of kind town; name a successor of the same kind",
        ],
    ),
]

AGAIN = (
    "add metrics desk,again,mean,grade,answered,1,,grade,true,,Opnieuw,Again,Gemiddelde,Mean,"
    " + add metric_questions desk,again,grade"
    " + set publication_rules 2 second_judgement_metric again"
)
RECODED = "add metric_bands desk,again,1,1.4,1.4 + add metric_bands desk,again,1.5,3,"
PUBLICATION = [
    (f"{AGAIN} + {RECODED}", []),
    (
        AGAIN,
        [
            "publication_rules.csv row 2 column second_judgement_metric: 'again' does not count the answers behind 'grade' anew; name a mean with bands on the same question",
        ],
    ),
    (
        f"{AGAIN} + {RECODED} + set publication_rules 2 judged_metric patience",
        [
            "publication_rules.csv row 2 column second_judgement_metric: 'again' does not count the answers behind 'patience' anew; name a mean with bands on the same question",
        ],
    ),
    (
        "set publication_rules 2 second_judgement_metric grade_good",
        [
            "publication_rules.csv row 2 column second_judgement_metric: 'grade_good' does not count the answers behind 'grade' anew; name a mean with bands on the same question",
        ],
    ),
    (
        f"{AGAIN} + {RECODED} + set publication_rules 2 norm_overall + set publication_rules 2 norm_per_product",
        [
            "publication_rules.csv row 2 column second_judgement_metric: only who stays below a norm is judged again; fill in a norm or clear the cell",
        ],
    ),
    (
        "set publication_rules 2 min_response_rate + set publication_rules 2 min_answers",
        [
            "publication_rules.csv row 2 column min_answers: the rule asks for no response; fill in min_response_rate or min_answers, or write true in always_published",
        ],
    ),
    (
        "set publication_rules 2 always_published true",
        [
            "publication_rules.csv row 2 column min_response_rate: what is always published needs no response; clear it",
            "publication_rules.csv row 2 column min_answers: what is always published needs no response; clear it",
        ],
    ),
    (
        "set publication_rules 2 judged_metric ease",
        [
            "publication_rules.csv row 2 column judged_metric: 'ease' is a net; name a mean or composite",
        ],
    ),
    (
        "set metrics 2 higher_is_better false",
        [
            "publication_rules.csv row 2 column judged_metric: less is better for 'grade', and a norm is a least; name another metric",
        ],
    ),
    (
        "set publication_rules 2 norm_overall 0.9 + set publication_rules 2 norm_per_product 3.1",
        [
            "publication_rules.csv row 2 column norm_overall: 0.9 is outside scale 'tens', which runs 1 to 3; write a norm within it",
            "publication_rules.csv row 2 column norm_per_product: 3.1 is outside scale 'tens', which runs 1 to 3; write a norm within it",
        ],
    ),
    (
        "add publication_rules port,stars,,,20,false,3,3",
        [
            "publication_rules.csv row 3 column norm_per_product: study 'port' has no products; clear the cell",
        ],
    ),
    (
        "add publication_rules desk,grade,,,20,false,,",
        [
            "publication_rules.csv row 3 column study: study 'desk' repeats row 2; keep one of the two",
        ],
    ),
]

PERIODS = [
    (
        "set studies 3 release_day 20",
        [
            "studies.csv row 3 column release_day: study 'port' is in waves, which are due when their fieldwork is over; clear the cell and write the day in waves.csv",
        ],
    ),
    (
        "add waves desk,2021,2021-12-31",
        [
            "waves.csv row 3 column study: study 'desk' is timed by quarter and has no waves; remove the row",
        ],
    ),
    (
        "set waves 2 fieldwork_ended_on 2015-12-31",
        [
            "waves.csv row 2 column fieldwork_ended_on: 2015-12-31 is before 2016, the year of the wave; correct one of the two",
        ],
    ),
    (
        "set waves 2 study nowhere",
        [
            "waves.csv row 2 column study: 'nowhere' is not in studies.csv; correct it or add it there"
        ],
    ),
    (
        "add waves port,2016,2017-01-31",
        [
            "waves.csv row 3 column period: study 'port', period '2016' repeats row 2; keep one of the two",
        ],
    ),
]

RULES = [
    *COLUMNS,
    *FEEDS,
    *SCALES,
    *METRICS,
    *PERIODS,
    *SERIES,
    *PRIORITIES,
    *BANDS,
    *PUBLICATION,
    *ORGANISATIONS,
]


@pytest.mark.parametrize(("change", "lines"), RULES, ids=[change for change, _ in RULES])
def test_tells_in_exactly_these_lines_what_is_wrong(tiny: Seeds, change: str, lines: list[str]):
    tiny.apply(change)
    assert [line.removeprefix("seeds/") for line in tiny.problems()] == lines
