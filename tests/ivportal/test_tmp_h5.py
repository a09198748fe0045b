import re
from django.urls import reverse
from tests.delivering import *
from tests.cast import browser_of
def text(r): return re.sub(r"\s+"," ",re.sub(r"<[^>]+>"," ",r.content.decode().split("<main")[1]))
def test_smoke(db):
    r24 = portal_round(slug="iv-2024", book_year=2024)
    for s in r24.submissions.all(): delivered(s)
    r = portal_round(previous=r24, status="open")
    a,b = r.submissions.order_by("pk")
    delivered(a, absence_rate="0.4", explanation="Griep.")
    noor = browser_of(an_employee())
    for name,args in [("rounds",[]),("new_round",[]),("round",[r.slug]),("manage_round",[r.slug]),("round_checks",[r.slug]),("provider_file",[r.slug,a.provider.uuid]),("provider_file",[r.slug,b.provider.uuid])]:
        resp = noor.get(reverse(name,args=args)); assert resp.status_code==200,(name,resp.status_code)
        print("=====",name); print(text(resp)[:2500])
    from ivportal.pages.desk import STEPS
    from ivportal.pages.review import STEPS as S2
    for st in STEPS:
        resp=noor.get(reverse("round_step",args=[r.slug,st.name])); print(st.name,resp.status_code, text(resp)[:600] if resp.status_code==200 else resp["Location"])
    for st in S2:
        resp=noor.get(reverse("provider_step",args=[r.slug,a.provider.uuid,st.name])); print(st.name,resp.status_code, text(resp)[:600] if resp.status_code==200 else resp["Location"])
    print(text(noor.get(reverse("round_checks",args=[r.slug])+"?regel=IV-B-002")))
    print(text(noor.get(reverse("round",args=[r.slug])+"?regel=IV-B-002&aandacht=controle")))
