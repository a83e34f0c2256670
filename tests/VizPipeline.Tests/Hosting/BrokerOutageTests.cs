using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cluster;

namespace VizPipeline.Tests.Hosting;

/// <summary>What a process does on the bus while RabbitMQ is away.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class BrokerOutageTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("the broker is killed")]
    [InlineData("their queues are deleted")]
    public async Task Receivers_at_work_can_send_when(string fault)
    {
        var settings = await ClusterServers.SettingsAsync();
        await ClusterServers.RabbitMq.RunAsync("ctl", "set_permissions", "-p", settings["RabbitMq__VirtualHost"], "app", ".*", ".*", ".*");
        var receivers = new SlowReceivers();
        using var host = Create(settings, receivers);
        receivers.Bus = host.Services.GetRequiredService<IJobBus>();
        foreach (var step in host.Services.GetServices<IStartupStep>())
            await step.RunAsync(_cancellation);
        await host.StartAsync(_cancellation);
        await receivers.Bus.WaitUntilReadyAsync(_cancellation);
        foreach (var kind in SlowReceivers.Kinds)
            await receivers.Bus.SendAsync(SlowReceivers.CommandOf(kind), _cancellation);
        await receivers.AllRun.Task.WaitAsync(TimeSpan.FromSeconds(30), _cancellation);

        if (fault == "the broker is killed")
        {
            await ClusterServers.RabbitMq.RunAsync("kill");
            await Task.Delay(TimeSpan.FromSeconds(3), _cancellation);
            await ClusterServers.RabbitMq.RunAsync("start");
        }
        else
        {
            foreach (var kind in SlowReceivers.Kinds)
                await ClusterServers.RabbitMq.RunAsync(
                    "ctl", "delete_queue", "-p", settings["RabbitMq__VirtualHost"], JobKinds.Get(kind).Queue);
            // The client closes the channels, and waits for the receivers on them, before the receivers send.
            await Task.Delay(TimeSpan.FromSeconds(3), _cancellation);
        }
        receivers.GoOn.SetResult();
        var began = Stopwatch.GetTimestamp();
        await receivers.AllSent.Task.WaitAsync(TimeSpan.FromMinutes(2), _cancellation);

        var took = Stopwatch.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper!.WriteLine($"sent after {took.TotalSeconds:0.0} s");
        Assert.True(took < TimeSpan.FromMinutes(1), $"receivers could send only after {took}");
        await host.StopAsync(_cancellation);
    }

    private static IHost Create(Dictionary<string, string> settings, SlowReceivers receivers)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings.Select(
            setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)));
        builder.Configuration.AddInMemoryCollection([new("RabbitMq:User", "app"), new("RabbitMq:Password", "app-secret")]);
        builder.Services.AddSingleton<IBusReceivers>(receivers);
        builder.AddRabbitMqBus([QueueNames.Answers, .. JobKinds.All.Select(kind => kind.Queue)]);
        return builder.Build();
    }

    /// <summary>Receivers that are at work while the broker dies, and then send an answer.</summary>
    private sealed class SlowReceivers : IBusReceivers
    {
        private int _running;
        private int _sent;

        public static IReadOnlyList<JobKind> Kinds { get; } = [JobKind.Scan, JobKind.Merge];

        public IJobBus? Bus { get; set; }

        public TaskCompletionSource AllRun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource AllSent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<BusReceiver> Receivers =>
            [.. Kinds.Select(kind => new BusReceiver(JobKinds.Get(kind).Queue, ReceiveAsync))];

        public static JobMessage CommandOf(JobKind kind) => JobMessage.Create(
            kind == JobKind.Scan ? new ScanShard("atlas", 1, 1, 0, 0, 10) : new MergeLayer("atlas", 2, 1, 0));

        private async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
        {
            if (delivery.IsRedelivered)
                return null;
            if (Interlocked.Increment(ref _running) == Kinds.Count)
                AllRun.SetResult();
            await GoOn.Task;
            await Bus!.AnswerAsync(new JobReturned("atlas", 1, 1, "worker", ReturnReason.Stopping), CancellationToken.None);
            if (Interlocked.Increment(ref _sent) == Kinds.Count)
                AllSent.SetResult();
            return null;
        }
    }
}
