using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Worker;

if (await ServiceHost.RunVerbAsync(args, "worker", new Dictionary<string, ServiceVerb>()) is { } exitCode)
    return exitCode;

var builder = ServiceHost.CreateBuilder(args, "worker", port: 8081);
builder.AddObjectStore(StoreAccess.Write);
builder.AddWorker(options => options.UseClusterDefaults());
builder.AddWorkerReports();
// A worker also sends commands: it returns those that it cannot run soon to their queue.
builder.AddRabbitMqBus(
    [QueueNames.Answers], services => services.GetRequiredService<IOptions<WorkerOptions>>().Value.ShutdownSeconds);

if (builder.RefusesSettings())
    return ServiceHost.CannotStart;
var app = builder.Build();
app.MapServiceEndpoints();
var gate = app.Services.GetRequiredService<DeviceGate>();
var code = await app.RunServiceAsync();
return code == 0 && gate.Lost.IsCompleted ? WorkerEnd.NoDevice : code;
