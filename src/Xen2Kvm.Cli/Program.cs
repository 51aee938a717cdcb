using Xen2Kvm.Cli;

return await CommandLine.RunAsync(args, new Terminal(Console.In, Console.Out, Console.Error, Interactive: !Console.IsInputRedirected, Live: !Console.IsOutputRedirected));
