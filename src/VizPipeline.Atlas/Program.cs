using VizPipeline.Atlas;
using VizPipeline.Hosting;

if (await ServiceHost.RunVerbAsync(args, "atlas", new Dictionary<string, ServiceVerb>()) is { } exitCode)
    return exitCode;

var builder = ServiceHost.CreateBuilder(args, "atlas", port: 8082);
builder.AddObjectStore(StoreAccess.Read);
builder.AddCatalogReader();
builder.AddRabbitMqBus();
builder.AddAtlas();

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
app.MapServiceEndpoints();
app.MapAtlas();
return await app.RunServiceAsync();
