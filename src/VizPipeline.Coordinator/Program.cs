using VizPipeline.Coordinator;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

var verbs = new Dictionary<string, ServiceVerb>
{
    // Creates or updates the tables and exits. It runs under a role with the rights to do so, before services whose role lacks them.
    ["migrate"] = new(builder => builder.AddPostgresCatalog(), PostgresCatalogExtensions.TellUpToDate),
};
if (await ServiceHost.RunVerbAsync(args, "coordinator", verbs) is { } exitCode)
    return exitCode;

var builder = ServiceHost.CreateBuilder(args, "coordinator", port: 8080);
builder.AddObjectStore(StoreAccess.Own);
builder.AddPostgresCatalog();
builder.AddRabbitMqBus([QueueNames.Answers, .. JobKinds.All.Select(kind => kind.Queue)]);
builder.AddBrokerCare();
builder.AddCoordinator(options => options.UseClusterDefaults());
builder.AddCoordinatorGauges();
builder.AddManifests();
builder.AddCoordinatorApi();

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
app.MapServiceEndpoints();
app.MapCoordinatorApi();
return await app.RunServiceAsync();
