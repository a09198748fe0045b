import time, json
from pathlib import Path
def test_a(db, tmp_path):
    from providers import fictitious
    from providers.rounds import import_files
    from tariffs.policies import import_tariffs, set_policy
    from tests.factories import computed
    from ivportal.demo.national_round import SPECIFICATION
    for n in (150, 300, 650):
        t=time.time(); pop = fictitious.generate(7, providers=n, book_years=(2024,)); files = fictitious.write(pop, tmp_path/str(n)); print(n,"gen+write", time.time()-t)
        t=time.time(); imp = import_files(source_name="iv", paths=[f for f in files if f.suffix==".xlsx"], actor=None); print("import", time.time()-t)
        if n < 650:
            from django.db import transaction
        table = import_tariffs(path=files[-1], actor=None)
        set_policy(round=imp[0].round, actor=None, tariff_table=table, tariff_year=2025)
        t=time.time(); run = computed(imp[0].round, json.loads(SPECIFICATION.read_text())); print("run", time.time()-t, run.status, run.failure_reason)
        for s in run.steps.all(): print("   ", s.code, (s.finished_at-s.started_at).total_seconds())
def test_swiss(db, shared_data):
    from providers.rounds import import_files
    from tests.factories import computed
    t=time.time(); imp = import_files(source_name="somed", paths=[shared_data/"ch-pflegeheime"/"source_2018_Flat_File_de.xlsx"], actor=None); print("swiss import", time.time()-t)
    t=time.time(); run = computed(imp[0].round, json.loads(Path("benchmarking/specifications/somed.json").read_text())); print("run", time.time()-t, run.status, run.failure_reason)
    for s in run.steps.all(): print("   ", s.code, (s.finished_at-s.started_at).total_seconds())
