using Xen2Kvm.Web;

return await DashboardHost.RunAsync(args);
