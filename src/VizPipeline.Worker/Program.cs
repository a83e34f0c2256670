using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Worker;

var builder = ServiceHost.CreateBuilder(args, "worker", port: 8081);
builder.AddObjectStore();
builder.AddWorker(options => options.ShareBus());
builder.AddWorkerReports();
var kinds = builder.Configuration.GetSection(WorkerOptions.Section).Get<WorkerOptions>() ?? new WorkerOptions();
builder.AddRabbitMqBus(
    bus => bus.AddWorkerConsumers(kinds.KindNames()),
    services => services.GetRequiredService<IOptions<WorkerOptions>>().Value.ShutdownSeconds);

var app = builder.Build();
app.MapServiceEndpoints();
return await app.RunServiceAsync();
