using TorchSharp;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>One device of a worker: its threads, and what it does. It has one job at a time, and live requests beside it.</summary>
public sealed class ComputeDevice
{
    private readonly int _sharers;

    internal ComputeDevice(NamedDevice device, int index, int sharers, TimeProvider time)
        => (Name, Torch, Index, _sharers, Activity) = (device.Name, device.Device, index, sharers, new DeviceActivity(time));

    /// <summary>Its name, e.g. <c>cpu</c> or <c>cuda:1</c>.</summary>
    public string Name { get; }

    /// <summary>Where its tensors lie.</summary>
    public torch.Device Torch { get; }

    /// <summary>Its place among the worker's devices, from 0.</summary>
    public int Index { get; }

    /// <summary>What it does and has done.</summary>
    public DeviceActivity Activity { get; }

    /// <summary>Why it takes no work at present; null where it does.</summary>
    public string? Fault { get; internal set; }

    /// <summary>Live requests that it works on or that wait for it.</summary>
    public int LiveRequests { get; internal set; }

    /// <summary>Whether it takes no more work until the process ends.</summary>
    public bool IsBroken { get; internal set; }

    /// <summary>Whether a job has it.</summary>
    internal bool IsTaken { get; set; }

    /// <summary>How often in a row it ran out of memory.</summary>
    internal int Shortages { get; set; }

    /// <summary>The thread of its jobs.</summary>
    public TorchThread Jobs => TorchThread.For(Name, _sharers);

    /// <summary>The thread of its live requests.</summary>
    public TorchThread Live => TorchThread.ForLive(Name, _sharers);

    /// <summary>Jobs and live requests that it has: who asks for the least busy device means the one with the fewest.</summary>
    internal int Load => LiveRequests + (IsTaken ? 1 : 0);

    /// <summary>The device that an atlas asks for here: this one, unless its spec insists on another kind.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    internal torch.Device For(string asked)
    {
        var kind = TorchDevice.KindOf(asked);
        return kind == "auto" || kind == TorchDevice.KindOf(Name) ? Torch : TorchDevice.Find(kind);
    }
}
