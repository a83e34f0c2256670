using VizPipeline.Web;
using VizPipeline.Hosting;

var builder = ServiceHost.CreateBuilder(args, "atlas", port: 8082);
builder.AddObjectStore();
builder.AddAtlas();

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
app.MapServiceEndpoints();
return await app.RunServiceAsync();
