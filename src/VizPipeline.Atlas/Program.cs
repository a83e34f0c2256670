using VizPipeline.Hosting;
using VizPipeline.Web;

var builder = ServiceHost.CreateBuilder(args, "atlas", port: 8082);
builder.AddObjectStore();
builder.AddCatalogReader();
builder.AddRabbitMqBus(_ => { });
builder.AddAtlas();

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
app.MapServiceEndpoints();
app.MapAtlas();
return await app.RunServiceAsync();
