import json, time, pickle
from pathlib import Path
import pytest
from tests.factories import *
from providers import fictitious
from providers.rounds import import_files
from tariffs.policies import import_tariffs, set_policy
from django.conf import settings
from benchmarking.models import *
def test_x(db, tmp_path):
    t=time.time()
    pop=fictitious.generate(20240101)
    files=fictitious.write(pop,tmp_path)
    print("generate+write",time.time()-t); t=time.time()
    import_files(source_name="iv",paths=[p for p in files if p.suffix==".xlsx" and "2024" in p.name],actor=None)
    print("import",time.time()-t); t=time.time()
    table=import_tariffs(path=files[-1],actor=None)
    from providers.models import Round
    r=Round.objects.get(slug="fictief-2024")
    set_policy(round=r,actor=None,tariff_table=table,tariff_year=2025)
    spec=json.loads((Path(settings.BASE_DIR)/"benchmarking/specifications/integrale-vergelijking.json").read_text())
    run=computed(r,spec)
    print("compute",time.time()-t); t=time.time()
    print(run.status, run.failure_reason, json.dumps(run.summary,indent=0))
    for s in run.steps.all(): print(s.code, (s.finished_at-s.started_at).total_seconds(), s.sentences, s.figures)
    rows=[]
    for x in Result.objects.filter(run=run).select_related("provider"):
        rows.append(dict(key=x.provider.key,part=x.participates,score=x.score,sup=x.super_efficiency,quality=x.quality,outlier=x.outlier,may=x.may_be_peer,cost=float(x.comparable_cost or 0),prices=x.prices,reasons=x.reasons))
    links=[(l.result.provider.key,l.peer.provider.key,l.weight,l.cost_share) for l in PeerLink.objects.filter(result__run=run).select_related("result__provider","peer__provider")]
    pickle.dump((rows,links,run.frozen,bytes(run.dataset.content)),open("/tmp/fict.pkl","wb"))
def test_swiss(db):
    d=Path("/work/shared/data/ch-pflegeheime")
    t=time.time()
    out=import_files(source_name="somed",paths=[d/"source_2018_Flat_File_de.xlsx",d/"source_2019_Flat_File_de.xlsx"],actor=None)
    print("swiss import",time.time()-t,[(o.round.slug,o.delivered,o.linked,len(o.not_arrived),o.findings) for o in out])
    spec=json.loads((Path(settings.BASE_DIR)/"benchmarking/specifications/somed.json").read_text())
    for o in out:
        for rts in ("vrs","crs"):
            t=time.time()
            run=computed(o.round,{**spec,"returns_to_scale":rts})
            print(o.round.slug,rts,run.status,run.failure_reason,time.time()-t,{k:v for k,v in run.summary.items() if k!="distribution"})
            for s in run.steps.all(): print("   ",s.code, (s.finished_at-s.started_at).total_seconds(), s.figures)
