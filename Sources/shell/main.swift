import Query

print("crmq")
