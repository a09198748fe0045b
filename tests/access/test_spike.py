import time
def test_a(db):
    from tests.cast import make_cast, browser_of
    t=time.time()
    c = make_cast()
    print("cast", time.time()-t)
    from tests.factories import make_round, computed, delivery
    t=time.time()
    r = make_round([delivery("99900001","De Linde",total_cost=1000000,days_5vv=9000),delivery("99900002","Anker",region="5525",total_cost=2000000,days_5vv=9000)])
    run = computed(r)
    print("run", time.time()-t, run.status, run.summary)
    from tariffs.release import release_run
    release_run(run=run, actor=None)
    t=time.time()
    x = browser_of(c.anne).get("/spiegel/")
    print(x.status_code, time.time()-t)
