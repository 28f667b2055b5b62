"""A codebook small enough to know by heart, and a way to break one cell of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from dagster_project.codebook import read_codebook

TINY = {
    "studies": """\
study,label_nl,label_en,timing,organisation_kind,code_prefix,code_digits,min_n,starts_on,\
release_day,max_bad_rows_pct,hold_bad_rows_pct,max_revisions,population,benchmark_method,benchmark_min_organisations,priority_method,priority_min_n,\
benchmark_among
desk,Balie,Desk,quarter,town,TN,2,10,2020-01-01,20,20,,,invited,mean_of_others,3,correlation,30,size_class
port,Haven,Port,wave,harbour,,,10,2010-01-01,,12.5,7.5,0,unknown,mean_of_others,3,regression,30,all
""",
    "waves": """\
study,period,fieldwork_ended_on
port,2016,2016-12-11
""",
    "channels": """\
study,channel,label_nl,label_en
desk,walk_in,Inloop,Walk-in
desk,phone,Telefoon,Phone
""",
    "feeds": """\
feed,study,kind,channel,organisation_code,period_source,period,sheet
desk_walk_in,desk,responses,walk_in,,date,,
desk_sent,desk,invitations,,,date,,
port_2016,port,responses,,P1,constant,2016,
""",
    "columns": """\
feed,field,header,required,format,scale
desk_walk_in,response_id,id,true,,
desk_walk_in,organisation_code,town,true,,
desk_walk_in,contact_date,day,true,%d/%m/%Y,
desk_walk_in,contact_date,date,true,%d/%m/%Y,
desk_walk_in,product_code,product,true,,
desk_walk_in,tip,tip,false,,nothing
desk_walk_in,grade,grade,false,,
desk_walk_in,effort,effort,false,,
desk_walk_in,patience,patience,false,,
desk_walk_in,clarity,clarity,false,,
desk_walk_in,told,told,false,,
desk_sent,invitation_id,id,true,,
desk_sent,organisation_code,town,true,,
desk_sent,channel,how,true,,how
desk_sent,product_code,product,true,,
desk_sent,sent_at,sent,true,,
desk_sent,status,status,false,,sending
port_2016,response_id,id,true,,
port_2016,weight,weight,true,,
port_2016,stars,stars,false,,
""",
    "constants": """\
feed,field,value
""",
    "inclusions": """\
feed,header,value
""",
    "questions": """\
study,question,scale,label_nl,label_en
desk,grade,tens,Cijfer,Grade
desk,effort,five,Moeite,Effort
desk,patience,tens,Geduld,Patience
desk,clarity,tens,Helderheid,Clarity
desk,told,topics,Verteld,Told
port,stars,five,Sterren,Stars
""",
    "segments": """\
study,segment,question,label_nl,label_en
desk,pace,effort,Tempo,Pace
""",
    "scales": """\
scale,kind,minimum,maximum,decimals,no_answer
tens,number,1,3,1,nothing
five,code,,,,nothing
topics,multiple,,,,nothing
nothing,no_answer,,,,
how,code,,,,
sending,code,,,,
""",
    "scale_values": """\
scale,raw,code,number,label_nl,label_en
five,1,1,1,een,one
five,One,1,1,een,one
five,2,2,2.5,twee,two
five,3,3,4,drie,three
five,9,9,,weet niet,do not know
topics,a,a,,duur,duration
topics,b,b,,kosten,costs
nothing,-1,,,geen,none
nothing,88,,,geen,none
how,in,walk_in,,inloop,walk-in
how,tel,phone,,telefoon,phone
sending,ok,sent,,verzonden,sent
tens,1,1,1,1,1
tens,2,2,2,2,2
tens,3,3,3,3,3
""",
    "metrics": """\
study,metric,family,unit,base,decimals,min_items,disclosure_group,higher_is_better,\
new_series_from,label_nl,label_en,definition_nl,definition_en,overall_metric
desk,grade,mean,grade,answered,1,,grade,true,,Cijfer,Grade,Gemiddelde,Mean,
desk,grade_good,share,percent,asked,0,,grade,true,2021-01-01,Goed,Good,Aandeel,Share,
desk,ease,net,points,answered,0,,effort,true,,Gemak,Ease,Saldo,Balance,
desk,manner,composite,grade,answered,1,1,manner,true,,Houding,Manner,Gemiddelde,Mean,
desk,patience,mean,grade,answered,1,,manner,true,,Geduld,Patience,Gemiddelde,Mean,grade
desk,grade,distribution,percent,answered,0,,grade,true,,Cijfer,Grade,Verdeling,Distribution,
desk,told,distribution,percent,answered,0,,told,true,,Verteld,Told,Verdeling,Distribution,
port,stars,mean,scale,answered,2,,stars,true,,Sterren,Stars,Gemiddelde,Mean,
""",
    "metric_questions": """\
study,metric,question
desk,grade,grade
desk,grade_good,grade
desk,ease,effort
desk,manner,patience
desk,manner,clarity
desk,patience,patience
port,stars,stars
""",
    "metric_bands": """\
study,metric,lower,upper,points
desk,grade_good,2.5,3,100
desk,grade_good,1,2.4,0
desk,ease,1,1,100
desk,ease,2.5,4,-100
""",
    "publication_rules": """\
study,judged_metric,second_judgement_metric,min_response_rate,min_answers,always_published,norm_overall,norm_per_product
desk,grade,,30,30,false,2.5,2
""",
    "organisations": """\
organisation_code,name,kind,size_class,valid_from,valid_to
TN01,Oudstad,town,,,2021-12-31
TN02,Nieuwstad,town,big,2022-01-01,
P1,Haven,harbour,,,
""",
    "organisation_mergers": """\
from_code,to_code,effective_from
TN01,TN02,2022-01-01
""",
    "products": """\
study,product_code,label_nl,label_en,upl_name,upl_uri
desk,pass,Paspoort,Passport,paspoort,http://example.org/paspoort
desk,B,Bouwen,Building,,
""",
}


class Seeds:
    """The files of a codebook in a folder of their own; rows count from the header, which is 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str) -> str:
        return (self.folder / f"{name}.csv").read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")

    def records(self, name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.text(name))))

    def set(self, name: str, row: int, column: str, value: str) -> None:
        records = self.records(name)
        records[row - 1][records[0].index(column)] = value
        self._save(name, records)

    def add(self, name: str, line: str) -> None:
        self.write(name, f"{self.text(name)}{line}\n")

    def drop(self, name: str, row: int) -> None:
        records = self.records(name)
        del records[row - 1]
        self._save(name, records)

    def apply(self, change: str) -> None:
        """Do `set <file> <row> <column> <value>`, `drop <file> <row>` or `add <file> <line>`."""
        for step in change.split(" + "):
            verb, name, rest = step.split(" ", 2)
            if verb == "add":
                self.add(name, rest)
            elif verb == "drop":
                self.drop(name, int(rest))
            else:
                row, column, value = [*rest.split(" ", 2), ""][:3]
                self.set(name, int(row), column, value)

    def problems(self) -> list[str]:
        return [str(problem) for problem in read_codebook(self.folder)[1]]

    def _save(self, name: str, records: list[list[str]]) -> None:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(records)
        self.write(name, out.getvalue())
