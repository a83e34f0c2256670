using VizPipeline.Coordinator;
using VizPipeline.Hosting;

var builder = ServiceHost.CreateBuilder(args, "coordinator", port: 8080);
builder.AddObjectStore();
builder.AddPostgresCatalog();
builder.AddRabbitMqBus(bus => bus.AddCoordinatorConsumers());
builder.AddCoordinator(options => options.ShareBus());
builder.AddCoordinatorGauges();
builder.AddManifests();

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
if (args is ["migrate", ..])
    return await app.MigrateAsync();
app.MapServiceEndpoints();
app.MapCoordinatorApi();
return await app.RunServiceAsync();
